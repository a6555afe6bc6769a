"""Writes H.264 whose frames are two fields, as camcorders record (AVCHD); x264 cannot.

Every macroblock is uncompressed (I_PCM), which leaves little more than headers to write: ITU-T H.264, 7.3.
"""

import re
from fractions import Fraction
from io import BytesIO

import av


def write_field_video(path, images, fps=25):
    """Write frames; in a transport stream, readers get two packets of each, the second without a time. Every other
    frame is none that others refer to.

    Args:
        path (Path): The file.
        images (list[np.ndarray]): Brightness, shape (height, width), multiples of 32 and of 16, uint8.
        fps (int): Frames per second.
    """
    frames = [_parameter_sets(*image.shape) + _fields(image, number) for number, image in enumerate(images)]
    with av.open(BytesIO(b''.join(frames)), format='h264') as raw, av.open(str(path), 'w') as file:
        stream = file.add_stream_from_template(raw.streams.video[0])
        for number, frame in enumerate(frames):
            packet = av.Packet(frame)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, fps), number == 0
            packet.pts = packet.dts = number
            file.mux(packet)


def _parameter_sets(height, width):
    size = _golomb(width // 16 - 1, height // 32 - 1)
    sequence = f'{77:08b}{0:08b}{30:08b}' + _golomb(0, 0, 2, 1) + '0' + size + '00100'  # main profile; fields allowed
    picture = _golomb(0, 0) + '00' + _golomb(0, 0, 0) + '000' + _golomb(0, 0, 0) + '000'
    return _unit(7, sequence) + _unit(8, picture)


def _fields(image, number):
    reference = number % 2 == 0  # decoders may skip the others
    units = []
    for bottom in (0, 1):
        first = number == 0 and not bottom  # the one that all begins with
        marking = _golomb(0) + '00' if first else '0' if reference else ''
        header = _golomb(0, 7, 0) + f'{(number + 1) // 2 % 16:04b}1{bottom}' + marking + _golomb(0)
        units.append(_unit(5 if first else 1, header, image[bottom::2], reference))
    return b''.join(units)


def _golomb(*numbers):
    """Code numbers in bits as Exp-Golomb does: one more than each, after as many zeros as bits follow its first."""
    bits = [f'{number + 1:b}' for number in numbers]
    return ''.join('0' * (len(one) - 1) + one for one in bits)


def _unit(kind, bits, luma=None, reference=True):
    """Pack a header, and the macroblocks of a field, into a unit of the stream."""
    content = b''
    if luma is not None:
        for top in range(0, luma.shape[0], 16):
            for left in range(0, luma.shape[1], 16):
                bits += _golomb(25)
                content += _pack(bits) + luma[top : top + 16, left : left + 16].tobytes() + bytes([128] * 128)
                bits = ''
    content += _pack(bits + '1')
    content = re.sub(rb'\0\0(?=[\0-\3])', b'\0\0\3', content)  # no beginning of a unit within one
    return bytes([0, 0, 0, 1, reference << 5 | kind]) + content


def _pack(bits):
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[place : place + 8], 2) for place in range(0, len(bits), 8))

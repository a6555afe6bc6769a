"""Writer of H.264 whose frames consist of two fields, like AVCHD camcorders. x264 does not support this.

Every macroblock is uncompressed (I_PCM), so that mainly headers have to be written: ITU-T H.264, section 7.3.
"""

import re
from fractions import Fraction
from io import BytesIO

import av


def write_field_video(path, images, fps=25):
    """Write a video. Every other frame is not a reference frame.

    In a transport stream, readers receive two packets per frame, and the second packet has no time.

    Args:
        path (Path): Path of the file.
        images (list[np.ndarray]): Brightness of the frames, uint8, shape (height, width). The height is a multiple of
            32 and the width a multiple of 16.
        fps (int): Frames per second. Defaults to 25.
    """
    frames = [_parameter_sets(*image.shape) + _fields(image, index) for index, image in enumerate(images)]
    with av.open(BytesIO(b''.join(frames)), format='h264') as raw, av.open(str(path), 'w') as file:
        stream = file.add_stream_from_template(raw.streams.video[0])
        for index, frame in enumerate(frames):
            packet = av.Packet(frame)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, fps), index == 0
            packet.pts = packet.dts = index
            file.mux(packet)


def _parameter_sets(height, width):
    size = _golomb(width // 16 - 1, height // 32 - 1)
    sequence = f'{77:08b}{0:08b}{30:08b}' + _golomb(0, 0, 2, 1) + '0' + size + '00100'  # main profile with fields
    picture = _golomb(0, 0) + '00' + _golomb(0, 0, 0) + '000' + _golomb(0, 0, 0) + '000'
    return _unit(7, sequence) + _unit(8, picture)


def _fields(image, index):
    reference = index % 2 == 0  # Decoders may skip the other frames.
    units = []
    for bottom in (0, 1):
        first = index == 0 and not bottom  # only this field is an IDR picture
        marking = _golomb(0) + '00' if first else '0' if reference else ''
        header = _golomb(0, 7, 0) + f'{(index + 1) // 2 % 16:04b}1{bottom}' + marking + _golomb(0)
        units.append(_unit(5 if first else 1, header, image[bottom::2], reference))
    return b''.join(units)


def _golomb(*numbers):
    """Return the Exp-Golomb code of numbers: each plus 1 in binary, after one zero per bit that follows the first."""
    codes = [f'{number + 1:b}' for number in numbers]
    return ''.join('0' * (len(code) - 1) + code for code in codes)


def _unit(kind, bits, luma=None, reference=True):
    """Return a unit of the stream with a header and, optionally, the macroblocks of a field."""
    content = b''
    if luma is not None:
        for top in range(0, luma.shape[0], 16):
            for left in range(0, luma.shape[1], 16):
                bits += _golomb(25)
                content += _pack(bits) + luma[top : top + 16, left : left + 16].tobytes() + bytes([128] * 128)
                bits = ''
    content += _pack(bits + '1')
    content = re.sub(rb'\0\0(?=[\0-\3])', b'\0\0\3', content)  # Within a unit, the start code of units is escaped.
    return bytes([0, 0, 0, 1, reference << 5 | kind]) + content


def _pack(bits):
    bits += '0' * (-len(bits) % 8)
    return bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits), 8))

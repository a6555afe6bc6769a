# MA-52 for the baselines that see a window of consecutive frames. Upstream's 32 x 2 cover 63 frames and 16 x 4 cover
# 61, about the average clip of 57. Shorter clips repeat their last frame. Upstream starts again from the first, which
# shows a movement that does not exist.
_base_ = './ma52.py'

window_16x4 = dict(type='SampleFrames', clip_len=16, frame_interval=4, out_of_bound_opt='repeat_last')
window_32x2 = dict(type='SampleFrames', clip_len=32, frame_interval=2, out_of_bound_opt='repeat_last')
frames_16x4 = [dict(type='DecordInit'), window_16x4, dict(type='DecordDecode')]
frames_32x2 = [dict(type='DecordInit'), window_32x2, dict(type='DecordDecode')]
test_frames_16x4 = [dict(type='DecordInit'), dict(window_16x4, test_mode=True), dict(type='DecordDecode')]
test_frames_32x2 = [dict(type='DecordInit'), dict(window_32x2, test_mode=True), dict(type='DecordDecode')]

random_resized_crop = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='RandomResizedCrop'),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
]
center_crop = [
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
]
pack = [
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
flip_and_pack = [dict(type='Flip', flip_ratio=0.5), *pack]

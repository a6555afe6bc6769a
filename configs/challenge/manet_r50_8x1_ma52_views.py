# The main config, whose test averages four views of each clip: two samplings of eight frames, and both mirrored.
# Training is the same, so the test takes any checkpoint of the main config.
_base_ = '../manet_r50_8x1_ma52.py'

views_pipeline = [
    dict(type='DecordInit'),
    dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8, twice_sample=True, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='AddFlippedViews'),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs'),
]
test_dataloader = dict(dataset=dict(pipeline=views_pipeline))

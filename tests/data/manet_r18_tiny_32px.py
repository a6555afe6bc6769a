# The network of manet_r18_tiny.py at 32 px.
_base_ = './manet_r18_tiny.py'

pipeline = [*_base_.pipeline]
pipeline[3:5] = [dict(type='Resize', scale=(-1, 36)), dict(type='CenterCrop', crop_size=32)]
train_dataloader = dict(dataset=dict(pipeline=pipeline))
val_dataloader = dict(dataset=dict(pipeline=pipeline))
test_dataloader = dict(dataset=dict(pipeline=pipeline))

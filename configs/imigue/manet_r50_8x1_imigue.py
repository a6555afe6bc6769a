# MANet on iMiGUE. README.md in this folder describes the data and the protocol. Not run yet.
_base_ = '../own/manet_r50_8x1_own.py'

data = dict(label_set='imigue', data_prefix=dict(video='data/imigue/clips'))
model = dict(cls_head=dict(num_classes=32))
train_dataloader = dict(dataset=dict(ann_file='data/imigue/train_list_videos.txt', **data))
val_dataloader = dict(dataset=dict(ann_file='data/imigue/val_list_videos.txt', **data))
test_dataloader = dict(dataset=dict(ann_file='data/imigue/test_list_videos.txt', **data))

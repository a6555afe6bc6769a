# MANet on SMG. README.md in this folder describes the data and the protocol. Not run yet.
_base_ = '../own/manet_r50_8x1_own.py'

data = dict(label_set='smg', data_prefix=dict(video='data/smg/clips'))
model = dict(cls_head=dict(num_classes=17))
train_dataloader = dict(dataset=dict(ann_file='data/smg/train_list_videos.txt', **data))
val_dataloader = dict(dataset=dict(ann_file='data/smg/val_list_videos.txt', **data))
test_dataloader = dict(dataset=dict(ann_file='data/smg/test_list_videos.txt', **data))

# Without the labels of the lower limb, D and G (Table VII): 40 actions remain.
_base_ = './maenet_r50_16x1_ma52pro.py'

leave_out = ('lower limb', 'leg-hand')
model = dict(num_classes=40)
train_dataloader = dict(dataset=dict(leave_out=leave_out))
val_dataloader = dict(dataset=dict(leave_out=leave_out))
test_dataloader = dict(dataset=dict(leave_out=leave_out))

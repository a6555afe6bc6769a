# Without the labels of the lower limb, D and G: 40 actions remain.
_base_ = './maenet_r18_16x1_synthetic_pro.py'

leave_out = ('lower limb', 'leg-hand')
model = dict(num_classes=40)
train_dataloader = dict(dataset=dict(leave_out=leave_out))
val_dataloader = dict(dataset=dict(leave_out=leave_out))
test_dataloader = dict(dataset=dict(leave_out=leave_out))

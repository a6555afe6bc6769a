# The dual-path spatial-temporal adapter of MMA-52's paper (Li et al., ICCV 2025), after a participant's description,
# since its code is not public. Everything else is as with AdaTAD's adapter.
_base_ = './videomae_vit-b_adatad_mma52.py'

model = dict(backbone=dict(adapter=dict(_delete_=True, type='DualPathAdapter')))

# MA-52 with the poses of the people, for networks that see the joints, the frames around a person, or both. Sampling,
# crops and heat maps are those of MMAction2's PoseC3D and RGBPose-Conv3D, which PCAN's released code uses unchanged.
_base_ = './ma52.py'

# Poses without the split, of "microaction poses". MA52_POSES=data/ma52/MA52 reads the authors' files, MA52_train.pkl
# and so on.
poses = __import__('os').environ.get('MA52_POSES') or 'data/ma52/poses'
pose_train_set = dict(_base_.train_set, type='PoseClipDataset', pose_file=f'{poses}_train.pkl')
pose_val_set = dict(_base_.val_set, type='PoseClipDataset', pose_file=f'{poses}_val.pkl')
pose_test_set = dict(_base_.test_set, type='PoseClipDataset', pose_file=f'{poses}_test.pkl')

# The person's left and right joints, pair by pair, in the layout ma52_28: shoulder, elbow, wrist, hip, knee, ankle,
# eye, ear, and the five of the hand.
left_body, left_hand = [5, 6, 7, 11, 12, 13, 15, 17], [18, 19, 20, 21, 22]
right_body, right_hand = [2, 3, 4, 8, 9, 10, 14, 16], [23, 24, 25, 26, 27]
flip = dict(type='Flip', flip_ratio=0.5, left_kp=left_body + left_hand, right_kp=right_body + right_hand)
# The released code leaves the hands unswapped, so that a flipped left hand has the fingers of the right one.
flip_as_released = dict(type='Flip', flip_ratio=0.5, left_kp=left_body, right_kp=right_body)

# The joints alone: 32 frames of heat maps of 56 x 56 cells. As in PoseC3D, a test averages ten clips.
pose_val_frames = dict(type='UniformSampleFrames', clip_len=32, test_mode=True)
pose_square = [
    dict(type='PoseDecode'),
    dict(type='CropToJoints'),
    dict(type='Resize', scale=(64, 64), keep_ratio=False),
]
pose_heat_maps = [
    dict(type='GeneratePoseTarget', sigma=0.6),
    dict(type='FormatShape', input_format='NCTHW_Heatmap'),
    dict(type='PackActionInputs'),
]
pose_train_pipeline = [
    dict(type='UniformSampleFrames', clip_len=32),
    *pose_square,
    dict(type='RandomResizedCrop', area_range=(0.56, 1.0)),
    dict(type='Resize', scale=(56, 56), keep_ratio=False),
    flip,
    *pose_heat_maps,
]
pose_val_pipeline = [pose_val_frames, *pose_square, *pose_heat_maps]
pose_test_pipeline = [dict(pose_val_frames, num_clips=10), *pose_square, *pose_heat_maps]

# The square around the joints, and a random part of it.
square = [
    dict(type='DecodeRGBPose'),
    dict(type='CropToJoints'),
    dict(type='Resize', scale=(256, 256), keep_ratio=False),
]
random_square = [
    *square,
    dict(type='RandomResizedCrop', area_range=(0.56, 1.0)),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
]

# Frames alone: 8 frames of the square around the joints of the whole clip.
rgb_val_frames = dict(type='MMUniformSampleFrames', clip_len=dict(RGB=8), test_mode=True)
rgb_pack = [
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
rgb_square = [*square[:2], dict(type='Resize', scale=(224, 224), keep_ratio=False)]
rgb_train_pipeline = [dict(type='MMUniformSampleFrames', clip_len=dict(RGB=8)), *random_square, flip, *rgb_pack]
rgb_val_pipeline = [rgb_val_frames, *rgb_square, *rgb_pack]
rgb_test_pipeline = [dict(rgb_val_frames, num_clips=10), *rgb_square, *rgb_pack]

# Both: 8 frames of 224 x 224 pixels and, sampled independently, 32 frames of heat maps of 56 x 56 cells in training.
# Validation and tests have 256 x 256 pixels and 64 x 64 cells.
rgbpose_train_frames = dict(type='MMUniformSampleFrames', clip_len=dict(RGB=8, Pose=32))
rgbpose_val_frames = dict(rgbpose_train_frames, test_mode=True)
rgbpose_pack = [
    dict(type='GeneratePoseTarget', sigma=0.7, scaling=0.25),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs', collect_keys=('imgs', 'heatmap_imgs')),
]
rgbpose_train_pipeline = [rgbpose_train_frames, *random_square, flip, *rgbpose_pack]
rgbpose_train_pipeline_as_released = [rgbpose_train_frames, *random_square, flip_as_released, *rgbpose_pack]
rgbpose_val_pipeline = [rgbpose_val_frames, *square, *rgbpose_pack]
rgbpose_test_pipeline = [dict(rgbpose_val_frames, num_clips=10), *square, *rgbpose_pack]

# The joints as coordinates: 48 times of the whole clip.
joints_pack = [dict(type='FormatGCNInput', num_person=1), dict(type='PackActionInputs')]
joints_train_pipeline = [
    dict(type='PerturbJoints', layout='ma52_28', strength=0.5),
    flip,
    dict(type='ResamplePoses', clip_len=48, trim=0.1),
    *joints_pack,
]
joints_val_pipeline = [dict(type='ResamplePoses', clip_len=48), *joints_pack]

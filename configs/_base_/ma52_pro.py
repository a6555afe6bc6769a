# The data of MA-52-Pro and its metric; data/ma52_pro/README.md describes the files. The variables have other names than
# in ma52.py, so that a config can inherit both.
pro_decoder = __import__('os').environ.get('MA52_DECODER') or 'pyav'
pro_train_set = dict(
    type='MA52ProDataset',
    ann_file='data/ma52_pro/train.jsonl',
    data_prefix=dict(video='data/ma52_pro/videos_train', faces='data/ma52_pro/faces_train'),
    decoder=pro_decoder,
)
pro_val_set = dict(
    type='MA52ProDataset',
    ann_file='data/ma52_pro/val.jsonl',
    data_prefix=dict(video='data/ma52_pro/videos_val', faces='data/ma52_pro/faces_val'),
    decoder=pro_decoder,
)
pro_test_set = dict(
    type='MA52ProDataset',
    ann_file='data/ma52_pro/test.jsonl',
    data_prefix=dict(video='data/ma52_pro/videos_test', faces='data/ma52_pro/faces_test'),
    decoder=pro_decoder,
)

emotion_metric = dict(type='EmotionMetric')

# The data of MA-52-Pro and its metric; data/ma52_pro/README.md describes the files. The variables have other names than
# in ma52.py, so that a config can inherit both.
pro_train_list = 'data/ma52_pro/train.jsonl'
pro_train_data = dict(video='data/ma52_pro/videos_train', faces='data/ma52_pro/faces_train')
pro_val_list = 'data/ma52_pro/val.jsonl'
pro_val_data = dict(video='data/ma52_pro/videos_val', faces='data/ma52_pro/faces_val')
pro_test_list = 'data/ma52_pro/test.jsonl'
pro_test_data = dict(video='data/ma52_pro/videos_test', faces='data/ma52_pro/faces_test')

emotion_metric = dict(type='EmotionMetric')

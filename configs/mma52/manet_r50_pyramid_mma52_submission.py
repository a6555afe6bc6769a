# The test predicts the challenge's anonymised test split from features_test, and writes the predictions for
# microaction submit. It reports no scores. Training is the same as in the config that it inherits.
_base_ = './manet_r50_pyramid_mma52.py'

test_pipeline = [
    dict(type='LoadFeatures', path=f'{_base_.mma52_features}_test'),
    dict(type='PackDetectionInputs'),
]
test_dataloader = dict(
    dataset=dict(
        ann_file=_base_.mma52_test_set.ann_file,
        data_prefix=_base_.mma52_test_set.data_prefix,
        pipeline=test_pipeline,
    )
)
test_evaluator = dict(
    _delete_=True,
    type='DumpResults',
    out_file_path='work_dirs/manet_r50_pyramid_mma52_submission/predictions.pkl',
)

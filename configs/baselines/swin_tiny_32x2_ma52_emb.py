# Video Swin with MANet's joint embedding: the recipe of swin_tiny_32x2_ma52.py with MANet's head.
_base_ = './swin_tiny_32x2_ma52.py'

model = dict(
    cls_head=dict(
        _delete_=True,
        type='MANetHead',
        in_channels=768,
        label_embeddings='data/ma52/label_embeddings.npy',
        loss_emb=dict(type='JointEmbeddingLoss', loss_weight=50, over_dims='mean'),
        dropout_ratio=0.5,
    )
)

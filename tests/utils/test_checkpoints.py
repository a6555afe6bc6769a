import pytest
import torch
from mmaction.models.backbones.vit_mae import VisionTransformer

from mmaction_microaction.utils.checkpoints import load_weights, read_weights

SMALL = dict(depth=2, embed_dims=24, num_heads=2, img_size=32, num_frames=4)


def videomae_file(prefix, norm):
    """Return the weights of a small transformer with the names of the code of VideoMAE, without its classifier."""
    network = VisionTransformer(**SMALL)
    theirs = {}
    for name, tensor in network.state_dict().items():
        for ours, other in (('projection', 'proj'), ('layers.0.0', 'fc1'), ('layers.1', 'fc2'), ('fc_norm', norm)):
            name = name.replace(f'.{ours}.', f'.{other}.') if ours != 'fc_norm' else name.replace(ours, other)
        if name != 'pos_embed':
            theirs[prefix + name] = tensor
    return network, theirs


@pytest.mark.parametrize(('key', 'prefix'), [('model', ''), ('module', ''), ('model', 'encoder.')])
def test_weights_of_videomae_get_the_names_of_mmaction2(tmp_path, key, prefix):
    source, theirs = videomae_file(prefix, 'fc_norm')
    others = {'head.weight': torch.zeros(710, 24), 'head.bias': torch.zeros(710)}
    if prefix:
        others = {'decoder.norm.bias': torch.zeros(3), 'encoder_to_decoder.weight': torch.zeros(3, 3)}
    torch.save({key: {**theirs, **others}, 'epoch': 3}, tmp_path / 'videomae.pth')
    target = torch.nn.Module()
    target.backbone = VisionTransformer(**SMALL)
    fit = load_weights(target, read_weights(tmp_path / 'videomae.pth'))
    assert (fit.missing, fit.unexpected, fit.reshaped) == (['backbone.pos_embed'], [], [])
    for name, tensor in source.state_dict().items():
        assert target.backbone.state_dict()[name].equal(tensor), name


def test_only_the_norm_of_the_challenge_config_starts_anew(tmp_path):
    _, theirs = videomae_file('', 'fc_norm')
    torch.save({'model': theirs}, tmp_path / 'videomae.pth')
    target = torch.nn.Module()
    target.backbone = VisionTransformer(**SMALL, use_mean_pooling=False, return_feat_map=True)
    fit = load_weights(target, read_weights(tmp_path / 'videomae.pth'))
    assert set(fit.missing) == {'backbone.norm.weight', 'backbone.norm.bias', 'backbone.pos_embed'}
    assert set(fit.unexpected) == {'backbone.fc_norm.weight', 'backbone.fc_norm.bias'}


def test_another_transformer_is_not_renamed(tmp_path):
    # The patches of images have a convolution of two dimensions.
    weights = {'patch_embed.proj.weight': torch.zeros(2, 3, 4, 4), 'blocks.0.attn.q_bias': torch.zeros(2)}
    torch.save({'model': weights}, tmp_path / 'beit.pth')
    with pytest.raises(ValueError, match=r'beit\.pth contains no state_dict of tensors'):
        read_weights(tmp_path / 'beit.pth')

import pytest
from helpers.engine_runs import make_runner


def test_invalid_loss_names_the_batch_and_prevents_a_checkpoint(tmp_path):
    runner = make_runner(tmp_path, broken=(3.0,), hooks=['CheckInvalidLossHook'])
    message = r'epoch 1, iteration 2: .*loss_cls nan.* 2\.mp4, 3\.mp4\. .*optim_wrapper\.optimizer\.lr'
    with pytest.raises(ValueError, match=message):
        runner.train()
    assert not list(tmp_path.glob('*.pth'))


def test_finite_losses_are_accepted(tmp_path):
    make_runner(tmp_path, hooks=['CheckInvalidLossHook']).train()
    assert (tmp_path / 'epoch_1.pth').is_file()

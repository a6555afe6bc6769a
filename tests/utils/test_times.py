from mmaction_microaction.utils.times import format_clock, format_duration


def test_clocks_of_players_are_cut_off():
    times = 0, 59.97, 60, 3599.99, 36_000
    assert [format_clock(time) for time in times] == ['0:00', '0:59', '1:00', '59:59', '10:00:00']
    assert [format_clock(time, tenths=True) for time in times[:4]] == ['0:00.0', '0:59.9', '1:00.0', '59:59.9']


def test_durations_are_rounded():
    assert [format_duration(time) for time in (0, 59.6, 3725.4, 360_000)] == [
        '00:00:00',
        '00:01:00',
        '01:02:05',
        '100:00:00',
    ]

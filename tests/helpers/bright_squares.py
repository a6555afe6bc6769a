"""Videos of bright squares, and a pose estimator that takes them for people."""

import numpy as np

from mmaction_microaction.video.writer import write_video


class SquareEstimator:
    """Estimator that takes each bright square of an image for a person, whose joints are on a grid inside of it.

    The left half of an image contains at most one square, and so does the right half.
    """

    layout = 'blazepose33'

    def __init__(self):
        self.num_calls = 0

    def reset(self):
        pass

    def __call__(self, image):
        self.num_calls += 1
        middle = image.shape[1] // 2
        people = []
        for left in (0, middle):
            rows, columns = np.nonzero(image[:, left : left + middle].mean(-1) > 128)
            if len(rows):
                low = np.array([columns.min() + left, rows.min()], float)
                high = np.array([columns.max() + left, rows.max()], float)
                grid = np.stack([np.arange(33) % 6 / 5, np.arange(33) // 6 / 5], axis=-1)
                people.append(low + grid * (high - low))
        return np.reshape(people, (-1, 33, 2)), np.full((len(people), 33), 0.9)


def draw_square(image, x, y, size):
    image[y : y + size, x : x + size] = 255


def write_squares(path, places, size=(160, 80), fps=10):
    """Write a black clip with bright squares.

    Args:
        path (Path): Path of the video.
        places (list): For each frame, the squares (x, y, size) in it.
        size (tuple[int, int]): Width and height.
        fps (int): Frames per second.
    """
    frames = np.zeros((len(places), size[1], size[0], 3), np.uint8)
    for frame, squares in zip(frames, places):
        for square in squares:
            draw_square(frame, *square)
    write_video(path, frames, size, fps=fps, crf=5)

"""Vectors, rotations and two-bone inverse kinematics over the frames of a video.

The x axis points to the right of the image, y up and z towards the camera. The person faces +z, so the person's left is
+x. Lengths are in metres, angles in radians.
"""

import numpy as np


def unit(vectors: np.ndarray) -> np.ndarray:
    """Scale vectors, shape (..., 3), to length one."""
    return vectors / np.maximum(_length(vectors), 1e-9)


def _length(vectors: np.ndarray) -> np.ndarray:
    x, y, z = vectors[..., :1], vectors[..., 1:2], vectors[..., 2:]
    return np.sqrt(x * x + y * y + z * z)


def rotation(
    yaw: np.ndarray | float = 0.0, pitch: np.ndarray | float = 0.0, roll: np.ndarray | float = 0.0
) -> np.ndarray:
    """Return rotation matrices that roll, then pitch, then yaw.

    Args:
        yaw (np.ndarray | float): Turn to the person's left, shape (...). Defaults to 0.
        pitch (np.ndarray | float): Turn forward and down, shape (...). Defaults to 0.
        roll (np.ndarray | float): Lean to the person's right, shape (...). Defaults to 0.

    Returns:
        np.ndarray: Rotation matrices, shape (..., 3, 3).
    """
    yaw, pitch, roll = np.broadcast_arrays(yaw, pitch, roll)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    rows = (
        (cy * cr + sy * sp * sr, -cy * sr + sy * sp * cr, sy * cp),
        (cp * sr, cp * cr, -sp),
        (-sy * cr + cy * sp * sr, sy * sr + cy * sp * cr, cy * cp),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def rotate(matrices: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Apply matrices, shape (..., 3, 3), to vectors, shape (..., 3)."""
    x, y, z = vectors[..., None, 0], vectors[..., None, 1], vectors[..., None, 2]
    return matrices[..., 0] * x + matrices[..., 1] * y + matrices[..., 2] * z


def frame_along(axis: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Return rotation matrices whose third column is `axis` and whose second column is as close as possible to `up`.

    Args:
        axis (np.ndarray): Directions of any length, shape (..., 3).
        up (np.ndarray): Directions of any length, shape (..., 3).

    Returns:
        np.ndarray: Rotation matrices, shape (..., 3, 3).
    """
    z = unit(axis)
    x = unit(_cross(np.broadcast_to(up, z.shape), z))
    return np.stack([x, _cross(z, x), z], -1)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cross product over the last axis. ``np.cross`` is several times slower for few vectors."""
    (ax, ay, az), (bx, by, bz) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


def blend_directions(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Interpolate unit vectors, shape (..., 3), from `first` (`weight` 0) to `second` (`weight` 1), shape (...)."""
    return unit(first + weight[..., None] * (second - first))


def two_bone_ik(
    root: np.ndarray, target: np.ndarray, pole: np.ndarray, upper: float, lower: float
) -> tuple[np.ndarray, np.ndarray]:
    """Bend a two-bone limb so that its end is at the target, or as close as the bones allow.

    Args:
        root (np.ndarray): Position of the shoulder or hip, shape (T, 3).
        target (np.ndarray): Wanted position of the wrist or ankle, shape (T, 3).
        pole (np.ndarray): Direction in which the elbow or knee bends, shape (T, 3).
        upper (float): Length of the upper bone.
        lower (float): Length of the lower bone.

    Returns:
        tuple[np.ndarray, np.ndarray]: Positions of the middle joint and of the end of the limb, each of shape (T, 3).
    """
    axis = unit(target - root)
    reach = _length(target - root)
    # The limb never straightens or folds completely, since the elbow would jump there.
    reach = np.clip(reach, abs(upper - lower) + 0.02, 0.998 * (upper + lower))
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    away = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    side = unit(pole - (pole * axis).sum(-1, keepdims=True) * axis)
    return root + along * axis + away * side, root + reach * axis

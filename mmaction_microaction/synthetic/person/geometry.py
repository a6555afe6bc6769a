"""Vectors, rotations and two-bone inverse kinematics over the frames of a clip.

Axes: x to the right of the image, y up, z towards the camera. The person faces +z, so the person's left is +x.
Lengths are in metres, angles in radians.
"""

import numpy as np


def unit(vectors):
    """Scale vectors, shape (..., 3), to length one."""
    return vectors / np.maximum(_length(vectors), 1e-9)


def _length(vectors):
    x, y, z = vectors[..., :1], vectors[..., 1:2], vectors[..., 2:]
    return np.sqrt(x * x + y * y + z * z)


def rotation(yaw=0.0, pitch=0.0, roll=0.0):
    """Rotation matrices that roll, then pitch, then yaw.

    Args:
        yaw (array): Turn to the person's left, shape (...).
        pitch (array): Turn forward and down, shape (...).
        roll (array): Lean to the person's right, shape (...).

    Returns:
        np.ndarray: Matrices of shape (..., 3, 3).
    """
    yaw, pitch, roll = np.broadcast_arrays(yaw, pitch, roll)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    rows = (
        (cy * cr + sy * sp * sr, -cy * sr + sy * sp * cr, sy * cp),
        (cp * sr, cp * cr, -sp),
        (-sy * cr + cy * sp * sr, sy * sr + cy * sp * cr, cy * cp),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2)


def rotate(matrices, vectors):
    """Apply matrices, shape (..., 3, 3), to vectors, shape (..., 3)."""
    x, y, z = vectors[..., None, 0], vectors[..., None, 1], vectors[..., None, 2]
    return matrices[..., 0] * x + matrices[..., 1] * y + matrices[..., 2] * z


def frame_along(axis, up):
    """Rotation matrices whose third column is `axis` and whose second is as close to `up` as it can be.

    Args:
        axis (np.ndarray): Shape (..., 3), any length.
        up (np.ndarray): Shape (..., 3), any length.

    Returns:
        np.ndarray: Matrices of shape (..., 3, 3).
    """
    z = unit(axis)
    x = unit(_cross(np.broadcast_to(up, z.shape), z))
    return np.stack([x, _cross(z, x), z], -1)


def _cross(a, b):
    """Cross product over the last axis; NumPy's own is several times slower for few vectors."""
    (ax, ay, az), (bx, by, bz) = np.moveaxis(a, -1, 0), np.moveaxis(b, -1, 0)
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], -1)


def blend_directions(first, second, weight):
    """Unit vectors between two directions, shape (..., 3): the first where `weight`, shape (...), is 0."""
    return unit(first + weight[..., None] * (second - first))


def two_bone_ik(root, target, pole, upper, lower):
    """Bend a two-bone limb so that its end is at the target, or as close as its length allows.

    Args:
        root (np.ndarray): Shoulder or hip, shape (T, 3).
        target (np.ndarray): Where the wrist or ankle should be, shape (T, 3).
        pole (np.ndarray): Direction the elbow or knee bends to, shape (T, 3).
        upper (float): Length of the upper bone.
        lower (float): Length of the lower bone.

    Returns:
        tuple[np.ndarray, np.ndarray]: Middle joint and end of the limb, each of shape (T, 3).
    """
    axis = unit(target - root)
    reach = _length(target - root)
    # A limb never straightens nor folds completely: at the limits the elbow would jump.
    reach = np.clip(reach, abs(upper - lower) + 0.02, 0.998 * (upper + lower))
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    away = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    side = unit(pole - (pole * axis).sum(-1, keepdims=True) * axis)
    return root + along * axis + away * side, root + reach * axis

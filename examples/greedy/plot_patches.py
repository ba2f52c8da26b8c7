"""
Denoising an image with few atoms for each patch
================================================

The picture shows a photograph with noise, and what remains of it when each patch of 8
by 8 pixels is replaced by a combination of a few atoms: noise is not sparse in a
dictionary of smooth waves, the photograph is. Below, the error over the number of
atoms: the rule of orthogonal least squares reaches the same error with fewer atoms than
plain orthogonal matching pursuit.

A code of a patch :math:`y` solves, approximately,

.. math:: \\min_w \\|w\\|_0
          \\quad \\text{subject to} \\quad \\|y - X w\\|_2^2 \\le \\epsilon .

"""

# %%
# A noisy photograph
# ------------------
# Noise of standard deviation 0.1 on a part of a photograph that scikit-learn ships.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_sample_image
from sklearn.feature_extraction.image import (
    extract_patches_2d,
    reconstruct_from_patches_2d,
)

from sparsesci.greedy import orthogonal_mp

sigma = 0.1
image = load_sample_image("china.jpg").mean(axis=2)[60:250, 180:370] / 255
rng = np.random.default_rng(0)
noisy = image + sigma * rng.standard_normal(image.shape)

# %%
# The dictionary
# --------------
# Products of cosines, 11 frequencies in each direction: 121 atoms for 64 pixels, so
# that a code is not unique, and a sparse one can be looked for.

frequencies = np.arange(11)
waves = np.cos(np.pi * np.outer(np.arange(8) + 0.5, frequencies) / 11)
waves[:, 1:] -= waves[:, 1:].mean(axis=0)
waves /= np.linalg.norm(waves, axis=0)
atoms = np.kron(waves, waves)

# %%
# One code for each patch
# -----------------------
# All overlapping patches, less their means, are coded in one call: as few atoms as
# leave no more than the noise. Their combinations are averaged where they overlap.

patches = extract_patches_2d(noisy, (8, 8))
signals = patches.reshape(len(patches), -1).T
means = signals.mean(axis=0)
tol = 64 * (1.1 * sigma) ** 2
codes = orthogonal_mp(
    atoms, signals - means, tol=tol, rule="ols", n_jobs=2, sparse_output=True
)
denoised = reconstruct_from_patches_2d(
    (atoms @ codes + means).T.reshape(patches.shape), image.shape
)


def quality(picture):
    """Peak signal-to-noise ratio in decibels."""
    return -10 * np.log10(np.mean((picture - image) ** 2))


fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for ax, picture, name in zip(
    axes, (image, noisy, denoised), ("original", "noisy", "denoised")
):
    title = name if name == "original" else f"{name}, {quality(picture):.1f} dB"
    ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
    ax.set_title(title)
    ax.set_axis_off()
per_patch = codes.nnz / len(patches)
fig.supxlabel(f"{len(patches):,} patches, {per_patch:.1f} of 121 atoms each")
plt.show()

# %%
# The two rules
# -------------
# The clean patches, with 1 to 12 atoms. Now the dictionary holds 256 patches of another
# photograph. These atoms overlap a great deal; then it pays to ask by how much the
# error would fall, and not only which atom points at the residual.

clean = extract_patches_2d(image, (8, 8), max_patches=5000, random_state=0)
clean = clean.reshape(len(clean), -1).T
clean -= clean.mean(axis=0)
flower = load_sample_image("flower.jpg").mean(axis=2) / 255
atoms = extract_patches_2d(flower, (8, 8), max_patches=256, random_state=0)
atoms = atoms.reshape(256, -1).T
atoms -= atoms.mean(axis=0)
atoms /= np.linalg.norm(atoms, axis=0)

sizes = np.arange(1, 13)
fig, ax = plt.subplots(layout="constrained")
for rule, name in (
    ("omp", "orthogonal matching pursuit"),
    ("ols", "orthogonal least squares"),
):
    errors = []
    for k in sizes:
        codes = orthogonal_mp(atoms, clean, n_nonzero_coefs=k, rule=rule)
        errors.append(np.mean((clean - atoms @ codes) ** 2))
    ax.semilogy(sizes, errors, "o-", label=name)
ax.set(xlabel="atoms for each patch", ylabel="mean squared error")
ax.set_title("Orthogonal least squares needs fewer atoms")
ax.legend()
plt.show()

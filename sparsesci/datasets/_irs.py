"""Channels through a reflecting surface: a sparse problem with Kronecker structure."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from sklearn.utils import check_random_state

from sparsesci.operators.kronecker import mode_products
from sparsesci.utils.validation import check_integer, check_real

Array = NDArray[Any]


class IRSProblem(NamedTuple):
    """Pilot signals received through a reflecting surface, and what they tell of.

    Attributes
    ----------
    factors : tuple of 3 ndarrays
        Factors of the dictionary: of the angles at the surface, of shape
        (n_patterns, n_grid), at the mobile station (n_pilots, n_grid), and at the base
        station (n_bs, n_grid).
    y : ndarray of shape (n_patterns * n_pilots * n_bs,)
        Received signals, complex, in C order.
    coef : ndarray of shape (n_grid, n_grid, n_grid)
        Gains of the true paths.
    noise_variance : float
        ``E |e_i|^2`` of the noise in y.
    ms_response : ndarray of shape (n_ms, n_grid)
        Conjugate array responses of the mobile station.
    """

    factors: tuple[Array, Array, Array]
    y: Array
    coef: Array
    noise_variance: float
    ms_response: Array

    def channels(self, coef: Any = None) -> Array:
        """Return the channels that path gains stand for.

        Parameters
        ----------
        coef : array-like of shape (n_grid, n_grid, n_grid), default=None
            Path gains, such as an estimate of `coef`; the true ones by default.

        Returns
        -------
        channels : ndarray of shape (n_patterns, n_bs, n_ms)
            From mobile to base station, for each pattern of the surface.
        """
        coef = self.coef if coef is None else np.reshape(coef, self.coef.shape)
        maps = (self.factors[0], self.ms_response, self.factors[2])
        return np.swapaxes(mode_products(maps, coef[None])[0], 1, 2)


def _steering(n_antennas: int, n_grid: int) -> Array:
    """Responses of an array of half wavelengths, of norm 1, on a grid of cosines."""
    cosines = 2 * np.arange(1, n_grid + 1) / n_grid - 1
    phases = np.pi * np.outer(np.arange(n_antennas), cosines)
    return np.exp(1j * phases) / np.sqrt(n_antennas)


def _gains(rng: Any, size: int) -> Array:
    return (rng.standard_normal(size) + 1j * rng.standard_normal(size)) / np.sqrt(2)


def _dictionary(
    rng: Any, sizes: tuple[int, int, int], n_pilots: int, n_patterns: int, n_grid: int
) -> tuple[tuple[Array, Array, Array], Array]:
    """Factors, and conjugate responses of the mobile station."""
    n_bs, n_ms, n_irs = sizes
    signs = (2 * rng.randint(2, size=(2, n_ms, n_pilots)) - 1) / np.sqrt(2 * n_ms)
    pilots = signs[0] + 1j * signs[1]
    patterns = (2.0 * rng.randint(2, size=(n_irs, n_patterns)) - 1) / np.sqrt(n_irs)
    # Products of responses depend on differences of angles alone.
    phases = 2 * np.pi / n_grid * np.outer(np.arange(n_irs), np.arange(n_grid))
    differences = np.exp(-1j * phases) / n_irs
    ms_response = _steering(n_ms, n_grid).conj()
    factors = (
        patterns.T @ differences,
        pilots.T @ ms_response,
        _steering(n_bs, n_grid),
    )
    return factors, ms_response


def make_irs_mimo(
    snr: float,
    *,
    n_bs: int = 16,
    n_ms: int = 6,
    n_irs: int = 256,
    n_pilots: int = 3,
    n_patterns: int = 6,
    n_grid: int = 18,
    spread: int = 3,
    design_state: Any = None,
    random_state: Any = None,
) -> IRSProblem:
    """Pilots from a mobile to a base station through a reflecting surface.

    A mobile station (MS) sends pilots that reach a base station (BS) by an intelligent
    reflecting surface (IRS) only, whose elements shift phases by chosen patterns. On a
    grid of angles, few are in use: one of departure at the MS and one at the IRS, and
    `spread` neighbouring angles of arrival at the IRS and at the BS. The channel from
    MS to BS is then a Kronecker product of sparse vectors, in a Kronecker dictionary::

        y = (H_1 x H_2 x H_3) w + e,    w = w_1 x w_2 x w_3

    for difference of angles at the IRS, angle of departure, angle of arrival. Path
    gains are standard complex normal numbers, pilots are symbols of QPSK, patterns are
    signs; arrays are linear with half a wavelength between elements.

    Parameters
    ----------
    snr : float
        Signal-to-noise ratio of y in decibels.
    n_bs, n_ms, n_irs : int, default=16, 6, 256
        Numbers of antennas, and of elements of the surface.
    n_pilots, n_patterns : int, default=3, 6
        Numbers of pilot vectors, and of patterns of the surface.
    n_grid : int, default=18
        Number of grid points of each angle.
    spread : int, default=3
        Number of neighbouring angles of arrival.
    design_state : int, RandomState instance or None, default=None
        Source of randomness of pilots and patterns; `random_state` by default.
    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Returns
    -------
    problem : IRSProblem
        Factors, received signals, and the truth.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    qpsk_error_rate : Symbol errors with estimated channels.

    Notes
    -----
    Differences of angles wrap around: neighbours are so modulo `n_grid`.

    References
    ----------
    .. [1] Y. He, G. Joseph, "Bayesian algorithms for Kronecker-structured sparse vector
       recovery with application to IRS-MIMO channel estimation", IEEE Trans. Signal
       Processing, 2024, arXiv:2307.14719.

    Examples
    --------
    >>> from sparsesci.datasets import make_irs_mimo
    >>> problem = make_irs_mimo(20, random_state=0)
    >>> problem.y.shape, problem.coef.shape, int((problem.coef != 0).sum())
    ((288,), (18, 18, 18), 9)
    >>> problem.channels().shape
    (6, 16, 6)
    """
    snr = check_real("snr", snr)
    sizes = (
        check_integer("n_bs", n_bs),
        check_integer("n_ms", n_ms),
        check_integer("n_irs", n_irs),
    )
    check_integer("n_pilots", n_pilots)
    check_integer("n_patterns", n_patterns)
    check_integer("n_grid", n_grid)
    if check_integer("spread", spread) > n_grid:
        raise ValueError(f"spread must be at most n_grid = {n_grid}, got {spread}.")
    rng = check_random_state(random_state)
    designer = rng if design_state is None else check_random_state(design_state)
    factors, ms_response = _dictionary(designer, sizes, n_pilots, n_patterns, n_grid)
    coef = _paths(rng, sizes, n_grid, spread)
    clean = mode_products(factors, coef[None]).ravel()
    noise_variance = float(np.mean(np.abs(clean) ** 2) * 10 ** (-snr / 10))
    noise = np.sqrt(noise_variance) * _gains(rng, clean.size)
    return IRSProblem(factors, clean + noise, coef, noise_variance, ms_response)


def _paths(rng: Any, sizes: tuple[int, int, int], n_grid: int, spread: int) -> Array:
    n_bs, n_ms, n_irs = sizes
    departure_ms, departure_irs = rng.randint(n_grid, size=2)
    arrival_irs, arrival_bs = rng.randint(n_grid - spread + 1, size=2)
    steps = np.arange(spread)
    to_irs, to_ms, to_bs = np.zeros((3, n_grid), dtype=complex)
    scale = np.sqrt(n_ms * n_irs / spread)
    to_irs[(departure_irs - arrival_irs - steps) % n_grid] = scale * _gains(rng, spread)
    to_ms[departure_ms] = 1.0
    scale = np.sqrt(n_bs * n_irs / spread)
    to_bs[arrival_bs + steps] = scale * _gains(rng, spread)
    return np.multiply.outer(np.multiply.outer(to_irs, to_ms), to_bs)


def qpsk_error_rate(channels: Any, estimates: Any, snr: float) -> float:
    """Probability of symbol errors when links are set up by estimated channels.

    The sender and the receiver point their antennas along the leading singular vectors
    f and w of the estimate E of a channel H, and the receiver takes the symbol of QPSK
    that is nearest to ``r = w^H H f s + e`` after the gain ``w^H E f``. The noise e has
    the power of the signal over `snr`. The mean over channels, in closed form.

    Parameters
    ----------
    channels : array-like of shape (n_channels, n_receive, n_send)
        True channels.
    estimates : array-like of the same shape
        Estimated ones; a link is set up at random, with 3 errors in 4, where the
        estimate is zero.
    snr : float
        Signal-to-noise ratio at the receiver in decibels.

    Returns
    -------
    rate : float
        In [0, 1].

    Raises
    ------
    ValueError
        If shapes differ.

    Examples
    --------
    >>> from sparsesci.datasets import make_irs_mimo, qpsk_error_rate
    >>> H = make_irs_mimo(20, random_state=0).channels()
    >>> round(qpsk_error_rate(H, H, snr=4), 3), round(qpsk_error_rate(H, 0 * H, 4), 3)
    (0.11, 0.75)
    """
    channels, estimates = np.asarray(channels), np.asarray(estimates)
    snr = 10 ** (check_real("snr", snr) / 10)
    if channels.ndim != 3 or channels.shape != estimates.shape:
        raise ValueError(
            "channels and estimates must have the same shape (n_channels, n_receive, "
            f"n_send), got {channels.shape} and {estimates.shape}."
        )
    rates = []
    for channel, estimate in zip(channels, estimates):
        if not estimate.any():
            rates.append(0.75)
            continue
        U, _, Vh = np.linalg.svd(estimate)
        gain = U[:, 0].conj() @ channel @ Vh[0].conj()
        # The estimated gain is positive: what remains is the phase of the true one,
        # by which the symbols are turned. Both parts must keep their signs.
        turned = np.exp(1j * (np.angle(gain) + np.pi / 4))
        right = ndtr(np.sqrt(2 * snr) * np.array([turned.real, turned.imag]))
        rates.append(1 - float(right.prod()))
    return float(np.mean(rates))

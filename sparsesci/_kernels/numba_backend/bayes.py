"""Sequential updates of sparse Bayesian learning: the twin of ``kernels/bayes.cpp``.

The state of a model is ``(gram, active, slots, rho, mean, sigma, S, Q)``, a rule is
``(dof, noise, penalty, max_active, tol)``. A place is ``(s, a, energy)``: what one
column could add to the model without it. A move is ``(gain, column, share)``.
"""

from __future__ import annotations

import math

from sparsesci._kernels.numba_backend._cache import helper, inlined, kernel
from sparsesci._kernels.numba_backend.matrix import corr, step
from sparsesci._kernels.numba_backend.vector import axpy

SMALLEST_SHARE = 1e-14


@helper()
def best_share(a, energy, dof, noise):
    """The share that maximises the evidence, 1 for an absent column."""
    if not a > 0 or not (noise > 0 or dof > 1):
        return 1.0
    u = noise / a if noise > 0 else (energy - a) / ((dof - 1) * a)
    return max(u, SMALLEST_SHARE) if u < 1 else 1.0


@helper()
def log_gain(a, energy, u, dof, noise):
    """Log evidence with the column at share u, less that without it."""
    if noise > 0:
        fit = a * (1 - u) / noise
    else:
        fit = -dof * math.log(((energy - a) + a * u) / energy)
    return 0.5 * (fit + math.log(u))


@helper()
def best_addition(slots, S, Q, energy, dof, noise, penalty):
    best, where = 0.0, -1
    for j in range(S.size):
        if slots[j] < 0 and Q[j] * Q[j] > best * S[j]:
            best, where = Q[j] * Q[j] / S[j], j
    if where < 0:
        return 0.0, -1, 1.0
    share = best_share(best, energy, dof, noise)
    if share >= 1:
        return 0.0, -1, 1.0
    return log_gain(best, energy, share, dof, noise) - penalty, where, share


@helper()
def share_of(rho, mean, sigma, slot, energy):
    """Share of an active column, and its place."""
    variance = sigma[slot, slot]
    s = 1 / variance - 1 / rho[slot]
    if not s > 0:
        return 1.0, s, 0.0, energy
    q, share = mean[slot] / variance, 1 / (1 + rho[slot] * s)
    a = q * q / s
    return share, s, a, energy + a * (1 - share)


@helper()
def best_change(active, rho, mean, sigma, n_active, energy, dof, noise, penalty):
    best, where, target = 0.0, -1, 1.0
    for slot in range(n_active):
        now, _, a, without = share_of(rho, mean, sigma, slot, energy)
        value, share, then = -penalty, 1.0, 0.0
        if now < 1:
            value += log_gain(a, without, now, dof, noise)
            share = best_share(a, without, dof, noise)
        if share < 1:
            then = log_gain(a, without, share, dof, noise) - penalty
        if then <= 0:
            then, share = 0.0, 1.0
        # A column that is of no use goes, however little that gains.
        useless = share >= 1 and where < 0
        if then - value > best or (useless and then >= value):
            best, where, target = then - value, active[slot], share
    return best, where, target


@helper()
def project(gram, n_active, weights, v):
    for i in range(v.size):
        v[i] = 0.0
    for k in range(n_active):
        axpy(weights[k], gram[k], 0.0, v)


@helper()
def downdate(gram, mean, sigma, S, Q, n_active, slot, kappa, v, column):
    """Take kappa times the outer square of a column off sigma, and what follows."""
    for k in range(n_active):
        column[k] = sigma[slot, k]
    change = kappa * mean[slot]
    project(gram, n_active, column, v)
    for j in range(v.size):
        S[j] += kappa * v[j] * v[j]
        Q[j] += change * v[j]
    for k in range(n_active):
        mean[k] -= change * column[k]
        axpy(-kappa * column[k], column[:n_active], 0.0, sigma[k])


@helper()
def vacate(gram, active, slots, rho, mean, sigma, n_active, slot):
    """The last slot takes the place of `slot`."""
    last = n_active - 1
    slots[active[slot]] = -1
    if slot == last:
        return
    for j in range(slots.size):
        gram[slot, j] = gram[last, j]
    for k in range(last):
        sigma[slot, k] = sigma[last, k]
    sigma[slot, slot] = sigma[last, last]
    for k in range(last):
        sigma[k, slot] = sigma[slot, k]
    active[slot], rho[slot], mean[slot] = active[last], rho[last], mean[last]
    slots[active[slot]] = slot


@inlined
def add(state, k, energy, j, share, v, weights):
    gram, active, slots, rho, mean, sigma, S, Q = state
    for i in range(k):
        total = 0.0
        for other in range(k):
            total += sigma[i, other] * gram[other, j]
        weights[i] = -total
    variance = (1 - share) / S[j]
    value = variance * Q[j]
    energy -= Q[j] * Q[j] / S[j] * (1 - share)
    rho[k] = (1 - share) / (share * S[j])
    project(gram, k, weights, v)
    for i in range(v.size):
        e = v[i] + gram[k, i]
        S[i] -= variance * e * e
        Q[i] -= value * e
    for i in range(k):
        mean[i] += value * weights[i]
        axpy(variance * weights[i], weights[:k], 0.0, sigma[i])
        sigma[i, k] = variance * weights[i]
        sigma[k, i] = sigma[i, k]
    sigma[k, k] = variance
    active[k], slots[j], mean[k] = j, k, value
    return energy


@inlined
def change(state, k, energy, j, share, v, column):
    gram, active, slots, rho, mean, sigma, S, Q = state
    slot = slots[j]
    now, s, a, _ = share_of(rho, mean, sigma, slot, energy)
    variance = sigma[slot, slot]
    if now < 1:
        energy += a * (share - now)
    kappa = 1 / variance
    if share < 1:
        wide = (1 - share) / (share * s)
        d = 1 / wide - 1 / rho[slot]
        rho[slot], kappa = wide, d / (1 + variance * d)
    downdate(gram, mean, sigma, S, Q, k, slot, kappa, v, column)
    if share >= 1:
        vacate(gram, active, slots, rho, mean, sigma, k, slot)
    return energy


@inlined
def best_move(state, n_active, energy, rule):
    """Whether it is an addition, its gain, column and share."""
    _, active, slots, rho, mean, sigma, S, Q = state
    dof, noise, penalty, max_active, _ = rule
    gain, j, share = best_change(
        active, rho, mean, sigma, n_active, energy, dof, noise, penalty
    )
    adds = False
    if n_active < max_active:
        more, other, part = best_addition(slots, S, Q, energy, dof, noise, penalty)
        if other >= 0 and more > gain:
            adds, gain, j, share = True, more, other, part
    return adds, gain, j, share


@kernel
def evidence_burst(state, n_active, energy, join, rule, gains, v, column):
    capacity, tol = state[1].size, rule[4]
    n_moves = 0
    while n_moves < gains.size:
        adds, gain, j, share = best_move(state, n_active, energy, rule)
        if j < 0 or (gain <= tol and share < 1):
            return n_active, energy, n_moves, -1
        if adds:
            if j != join or n_active >= capacity:
                return n_active, energy, n_moves, j
            energy = add(state, n_active, energy, j, share, v, column)
            n_active, join = n_active + 1, -1
        else:
            energy = change(state, n_active, energy, j, share, v, column)
            if share >= 1:
                # The slot that held the new Gram row may be taken over.
                n_active, join = n_active - 1, -1
        gains[n_moves] = gain
        n_moves += 1
    return n_active, energy, n_moves, -2


@kernel
def spike_slab_sweep(
    X, lipschitz, prior, order, noise, logit, alpha, mean, residual, offset
):
    largest = 0.0
    for k in range(order.size):
        j = order[k]
        if lipschitz[j] == 0:
            continue
        before, total = alpha[j] * mean[j], lipschitz[j] + prior[j]
        m = (corr(X, j, residual, offset, 0) + lipschitz[j] * before) / total
        slab = math.log(prior[j] / total) + m * m * total / noise
        a = 1 / (1 + math.exp(-(logit + 0.5 * slab)))
        largest = max(largest, abs(a - alpha[j]))
        if a * m != before:
            step(X, j, a * m - before, residual, offset, 0)
        alpha[j], mean[j] = a, m
    return largest

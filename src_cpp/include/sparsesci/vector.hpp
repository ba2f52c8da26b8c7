#pragma once
#include <cstdint>

/// Dot products and updates along one dense column: the innermost loops of the library.
///
/// Design notes
/// A) Columns may be float32 or float64; everything they meet (residuals, means, sample
///    weights, sums) is float64, so that float32 data is solved to float64 accuracy.
/// B) A column enters centred, `x - mean`, with mean = 0 when there is no intercept. The
///    subtraction runs in registers on ports that the fused multiply-adds leave idle.
///    It costs nothing, saves the copy of X, and does not cancel for columns far from 0.
/// C) 16 independent accumulators let the compiler use vectors without -ffast-math.
/// D) A tile of columns and targets loads each entry once for all of the others that it
///    meets.
namespace sparsesci {
using Index = std::int64_t;

/// sum_i (x_i - mean) r_i
double dot(const double* x, double mean, const double* r, Index n);
double dot(const float* x, double mean, const double* r, Index n);

/// sum_i s_i (x_i - mean) r_i
double dot(const double* x, double mean, const double* s, const double* r, Index n);
double dot(const float* x, double mean, const double* s, const double* r, Index n);

/// r_i += a (x_i - mean)
void axpy(double a, const double* x, double mean, double* r, Index n);
void axpy(double a, const float* x, double mean, double* r, Index n);

/// out_i = (x_i - mean) f_i; `f` may be null (all ones).
void copy(const double* x, double mean, const double* f, double* out, Index n);
void copy(const float* x, double mean, const double* f, double* out, Index n);
void copy(const double* x, double mean, const double* f, float* out, Index n);
void copy(const float* x, double mean, const double* f, float* out, Index n);

/// Most columns and targets of a tile.
constexpr Index tile = 4;

/// `sums[c][t] += sum_i (x_ci - mean_c) r_ti` over `count` rows from `start` on, for `tile`
/// columns and 1 to `tile` targets that lie `stride` apart. The same rows of the columns `next`
/// are fetched meanwhile.
void add_dots(const double* const* x, const double* means, const double* r, Index stride,
              Index n_targets, Index start, Index count, const double* const* next,
              double (*sums)[tile]);
void add_dots(const float* const* x, const double* means, const double* r, Index stride,
              Index n_targets, Index start, Index count, const float* const* next,
              double (*sums)[tile]);

/// r_i -= sum_c a_c (x_ci - mean_c) for the columns of a tile; `next` as above, or null.
void subtract_columns(const double* a, const double* const* x, const double* means, double* r,
                      Index n, const double* const* next);
void subtract_columns(const double* a, const float* const* x, const double* means, double* r,
                      Index n, const float* const* next);

/// Weighted inner products of the centred columns of a tile, in the places that `pair` says.
constexpr Index n_pairs = tile * (tile - 1) / 2;
constexpr Index pair(Index a, Index b) { return b * (b - 1) / 2 + a; }  // a < b
void inner_products(const double* const* x, const double* means, const double* s, Index n,
                    double* out);
void inner_products(const float* const* x, const double* means, const double* s, Index n,
                    double* out);

/// Weighted first and second moments about `mean`: sum s_i (x_i - mean) and its square twin.
/// `s` may be null (all ones).
struct Moments {
    double first, second;
};
Moments moments(const double* x, double mean, const double* s, Index n);
Moments moments(const float* x, double mean, const double* s, Index n);

/// The same for a tile of columns, each about a value of its own; `next` as in `add_dots`.
struct TileMoments {
    double first[tile], second[tile];
};
TileMoments tile_moments(const double* const* x, const double* about, const double* s, Index n,
                         const double* const* next);
TileMoments tile_moments(const float* const* x, const double* about, const double* s, Index n,
                         const float* const* next);

}  // namespace sparsesci

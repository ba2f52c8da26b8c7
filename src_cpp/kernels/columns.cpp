#include "sparsesci/columns.hpp"

#include <algorithm>
#include <memory>
#include <type_traits>
#include <vector>

#include "sparsesci/lapack.hpp"
#include "sparsesci/tile.hpp"

namespace sparsesci {

namespace {

/// S r_t for each target.
template <class View>
std::vector<double> weighted_rows(const View& X, const Residual& R, Index n_tasks) {
    const Index n = X.n_rows;
    std::vector<double> weighted(static_cast<std::size_t>(n_tasks * n));
    for (Index t = 0; t < n_tasks; ++t)
        for (Index i = 0; i < n; ++i)
            weighted[static_cast<std::size_t>(t * n + i)] =
                X.weights ? X.weights[i] * R.row(t)[i] : R.row(t)[i];
    return weighted;
}

template <class View>
void correlate(const View& X, const Residual& R, Index n_tasks, Listing list, double* out) {
    for (Index k = 0; k < list.count; ++k)
        for (Index t = 0; t < n_tasks; ++t) out[list[k] * n_tasks + t] = X.corr(list[k], R, t);
}

struct Span {
    Index start, count;
};

/// The rows in which a residual is not zero, as spans; all of them, where these would be short.
std::vector<Span> counted_rows(const Residual& R, Index n_tasks, Index n_rows) {
    constexpr Index shortest = 100;
    std::vector<Span> spans;
    bool inside = false;
    for (Index i = 0; i < n_rows; ++i) {
        bool counts = false;
        for (Index t = 0; t < n_tasks; ++t) counts = counts || R.row(t)[i] != 0;
        if (counts && !inside) spans.push_back({i, 0});
        if (counts) ++spans.back().count;
        inside = counts;
        if (static_cast<Index>(spans.size()) * shortest > n_rows) return {{0, n_rows}};
    }
    return spans;
}

/// A dense matrix without weights by tiles: the columns of one are fetched together, and those of
/// the next while it is worked on.
template <class T>
void correlate(const DenseView<T>& X, const Residual& R, Index n_tasks, Listing list, double* out) {
    if (X.weights) return correlate<DenseView<T>>(X, R, n_tasks, list, out);
    const double n = static_cast<double>(X.n_rows);
    const std::vector<Span> spans = counted_rows(R, n_tasks, X.n_rows);
    for (Index k = 0; k < list.count; k += tile) {
        const Tile<T> at(X, list, k);
        for (Index t = 0; t < n_tasks; t += tile) {
            const Index width = std::min(tile, n_tasks - t);
            double sums[tile][tile] = {};
            for (const Span rows : spans)
                add_dots(at.x, at.means, R.row(t), R.stride, width, rows.start, rows.count, at.next,
                         sums);
            for (Index c = 0; c < at.height; ++c)
                for (Index lane = 0; lane < width; ++lane)
                    out[list[k + c] * n_tasks + t + lane] = sums[c][lane] / n;
        }
    }
}

/// Targets of a sparse matrix without weights by fours: side by side, they are fetched together.
/// A list of columns may be too short to repay that.
template <class T>
void correlate(const CscView<T>& X, const Residual& R, Index n_tasks, Listing list, double* out) {
    constexpr Index width = 4;
    const Index n = X.n_rows;
    const bool fetched = n_tasks >= width && !X.weights && !list.columns;
    std::vector<double> beside(fetched ? static_cast<std::size_t>(n * width) : 0);
    Index t = 0;
    for (; fetched && t + width <= n_tasks; t += width) {
        for (Index i = 0; i < n; ++i)
            for (Index lane = 0; lane < width; ++lane)
                beside[static_cast<std::size_t>(i * width + lane)] = R.row(t + lane)[i];
        for (Index j = 0; j < X.n_cols; ++j) {
            double sum[width] = {};
            for (Index k = X.indptr[j]; k < X.indptr[j + 1]; ++k)
                for (Index lane = 0; lane < width; ++lane)
                    sum[lane] += static_cast<double>(X.data[k]) *
                                 beside[static_cast<std::size_t>(X.indices[k] * width + lane)];
            for (Index lane = 0; lane < width; ++lane)
                out[j * n_tasks + t + lane] = sum[lane] / static_cast<double>(n) +
                                              (X.means ? X.means[j] * R.offset[t + lane] : 0.0);
        }
    }
    for (; t < n_tasks; ++t)
        for (Index k = 0; k < list.count; ++k) out[list[k] * n_tasks + t] = X.corr(list[k], R, t);
}

}  // namespace

template <class View>
void correlation(const View& X, const Residual& R, Index n_tasks, const Index* columns,
                 Index n_columns, double* out) {
    const Listing list{columns, columns ? n_columns : X.n_cols};
    if constexpr (!std::is_same_v<View, GramView>)
        if (X.weights && !columns) {  // once, not for each column
            std::vector<double> weighted = weighted_rows(X, R, n_tasks);
            View plain = X;
            plain.weights = nullptr;
            correlate(plain, Residual{weighted.data(), X.n_rows, R.offset}, n_tasks, list, out);
            return;
        }
    correlate(X, R, n_tasks, list, out);
}

namespace {

/// Statistics of columns, an entry or a row for each.
struct Stats {
    bool center;
    Residual targets;
    Index n_tasks;
    double *means, *lipschitz, *correlations;

    void set(Index j, Moments m) const {
        means[j] = m.first;
        // No deviation beyond the rounding of the mean: a constant column.
        constexpr double eps = 8 * 2.220446049250313e-16;
        const bool constant = center && std::sqrt(m.second) <= eps * std::abs(m.first);
        lipschitz[j] = constant ? 0.0 : m.second;
    }

    template <class View>
    void compute(const View& X, Index j) const {
        set(j, X.stats(j, center));
        View centred = X;
        centred.means = center ? means : nullptr;
        for (Index t = 0; t < n_tasks; ++t)
            correlations[j * n_tasks + t] = centred.corr(j, targets, t);
    }
};

/// Sparse columns are met once, where nothing is weighted.
template <class T>
void compute_stats(const CscView<T>& X, const Stats& out) {
    for (Index j = 0; j < X.n_cols; ++j) {
        if (out.n_tasks != 1 || !X.is_half_empty(j)) {
            out.compute(X, j);
            continue;
        }
        const auto [moments, dot] = X.totals(j, out.center, out.targets.row(0));
        out.set(j, moments);
        out.correlations[j] = dot / static_cast<double>(X.n_rows);
    }
}

/// A value near the mean of a column, exactly that of a constant one.
template <class T>
double near_mean(const T* x, Index n) {
    if (n < 8) return static_cast<double>(x[0]);
    double sum[4];
    for (Index i = 0; i < 4; ++i)
        sum[i] = static_cast<double>(x[i]) + static_cast<double>(x[i + 4]);
    return ((sum[0] + sum[2]) + (sum[1] + sum[3])) / 8;
}

/// Dense columns are met once, by tiles: sums of deviations from a value near the mean say the
/// moments and the correlations, where it has been near enough.
template <class T>
void compute_stats(const DenseView<T>& X, const Stats& out) {
    const Index size = X.n_rows, n_tasks = out.n_tasks;
    const double n = static_cast<double>(size);
    const std::vector<double> targets = weighted_rows(X, out.targets, n_tasks);
    for (Index k = 0; k < X.n_cols; k += tile) {
        const Tile<T> at(X, {nullptr, X.n_cols}, k);
        double about[tile], dots[tile][tile];
        bool near[tile];
        for (Index c = 0; c < tile; ++c) about[c] = out.center ? near_mean(at.x[c], size) : 0.0;
        const TileMoments sums = tile_moments(at.x, about, X.weights, size, at.next);
        for (Index c = 0; c < at.height; ++c) {
            const double shift = out.center ? sums.first[c] / n : 0.0;
            const double square = sums.second[c] / n - shift * shift;
            near[c] = std::isfinite(square) && shift * shift <= 4 * square;
            if (near[c])
                out.set(at.column[c], {about[c] + shift, square});
            else
                out.compute(X, at.column[c]);
        }
        for (Index t = 0; t < n_tasks; t += tile) {
            const Index width = std::min(tile, n_tasks - t);
            for (auto& row : dots) std::fill_n(row, tile, 0.0);
            add_dots(at.x, about, targets.data() + t * size, size, width, 0, size, at.x, dots);
            for (Index c = 0; c < at.height; ++c)
                for (Index lane = 0; near[c] && lane < width; ++lane)
                    out.correlations[at.column[c] * n_tasks + t + lane] = dots[c][lane] / n;
        }
    }
}

}  // namespace

template <class View>
void column_stats(const View& X, bool center, const Residual& targets, Index n_tasks, double* means,
                  double* lipschitz, double* correlations) {
    compute_stats(X, Stats{center, targets, n_tasks, means, lipschitz, correlations});
}

namespace {

template <class View>
void subtract(const View& X, const Listing& list, const double* w, Index n_tasks,
              const Residual& R) {
    for (Index k = 0; k < list.count; ++k)
        for (Index t = 0; t < n_tasks; ++t)
            if (w[k * n_tasks + t] != 0) X.step(list[k], w[k * n_tasks + t], R, t);
}

/// Dense columns by tiles; those that no target moves are left out.
template <class T>
void subtract(const DenseView<T>& X, const Listing& list, const double* w, Index n_tasks,
              const Residual& R) {
    std::vector<Index> places, moved;
    for (Index k = 0; k < list.count; ++k)
        if (std::any_of(w + k * n_tasks, w + (k + 1) * n_tasks, [](double v) { return v != 0; })) {
            places.push_back(k);
            moved.push_back(list[k]);
        }
    const Index count = static_cast<Index>(moved.size());
    for (Index k = 0; k < count; k += tile) {
        const Tile<T> at(X, {moved.data(), count}, k);
        for (Index t = 0; t < n_tasks; ++t) {
            double change[tile] = {};
            for (Index c = 0; c < at.height; ++c)
                change[c] = w[places[static_cast<std::size_t>(k + c)] * n_tasks + t];
            subtract_columns(change, at.x, at.means, R.row(t), X.n_rows, t ? nullptr : at.next);
        }
    }
}

}  // namespace

template <class View>
void subtract_product(const View& X, const Index* columns, Index n_columns, const double* w,
                      Index n_tasks, const Residual& R) {
    subtract(X, {columns, columns ? n_columns : X.n_cols}, w, n_tasks, R);
}

template <class T, class Out>
void copy_columns(const DenseView<T>& X, const Index* columns, Index n_columns, Index start,
                  Index n_rows, Out* out) {
    std::vector<double> roots(X.weights ? static_cast<std::size_t>(n_rows) : 0);
    for (Index i = 0; X.weights && i < n_rows; ++i)
        roots[static_cast<std::size_t>(i)] = std::sqrt(X.weights[start + i]);
    for (Index c = 0; c < n_columns; ++c)
        copy(X.column(columns[c]) + start, X.mean(columns[c]), X.weights ? roots.data() : nullptr,
             out + c * n_rows, n_rows);
}

namespace {

/// Copy the lower triangle to the upper one, from row `known` on, by blocks that stay in cache.
void mirror(double* gram, Index size, Index known, Index stride) {
    constexpr Index block = 32;
    for (Index top = known; top < size; top += block)
        for (Index left = 0; left < std::min(top + block, size); left += block)
            for (Index a = top; a < std::min(top + block, size); ++a)
                for (Index b = left; b < std::min(left + block, a); ++b)
                    gram[b * stride + a] = gram[a * stride + b];
}

/// Columns that can be multiplied where they are: as they are, one after another.
template <class C, class T>
const C* in_place(const DenseView<T>& X, const Index* columns, Index n_columns) {
    if constexpr (std::is_same_v<T, C>) {
        bool plain = !X.means && !X.weights;
        for (Index k = 1; plain && k < n_columns; ++k) plain = columns[k] == columns[k - 1] + 1;
        if (plain) return X.column(columns[0]);
    }
    return nullptr;
}

/// Lines of a Gram matrix from one on, to which products of type C are added.
template <class C>
class Lines {
    Index size_, known_, stride_;
    double* gram_;
    std::vector<C> sums_;

public:
    static constexpr bool in_gram = std::is_same_v<C, double>;

    Lines(double* gram, Index size, Index known, Index stride)
        : size_(size), known_(known), stride_(stride), gram_(gram + known * stride),
          sums_(in_gram ? 0 : static_cast<std::size_t>((size - known) * size)) {}

    /// Add what some rows of the columns have, which lie `length` apart.
    void add(const C* columns, Index count, Index length) {
        if constexpr (in_gram) {
            multiply(columns, count, length, gram_, stride_);
        } else {
            multiply(columns, count, length, sums_.data(), size_);
            flush();
        }
    }

private:
    void multiply(const C* columns, Index count, Index length, C* out, Index apart) const {
        const C* const own = columns + known_ * length;
        const Index n_new = size_ - known_;
        if (known_) lapack::add_products(columns, known_, own, n_new, count, length, out, apart);
        lapack::add_squares(own, n_new, count, length, out + known_, apart);
    }

    void flush() {
        for (Index a = known_; a < size_; ++a) {
            C* const line = sums_.data() + (a - known_) * size_;
            for (Index b = 0; b <= a; ++b)
                gram_[(a - known_) * stride_ + b] += static_cast<double>(line[b]);
            std::fill_n(line, a + 1, C{0});
        }
    }
};

/// Few new columns are copied, centred and weighted, and meet all listed ones where these are.
template <class T>
void add_few(const DenseView<T>& X, const Index* columns, Index n_columns, Index known, Index start,
             Index stop, double* gram, Index stride) {
    const Index n_new = n_columns - known, size = stop - start;
    std::vector<double> copies(static_cast<std::size_t>(n_new * size));
    for (Index b = 0; b < n_new; ++b) {
        const Index j = columns[known + b];
        const double* const weights = X.weights ? X.weights + start : nullptr;
        copy(X.column(j) + start, X.mean(j), weights, copies.data() + b * size, size);
    }
    constexpr Index rows = 2048;  // of a tile, to stay in cache while it meets them
    for (Index k = 0; k < n_columns; k += tile) {
        Tile<T> at(X, {columns, n_columns}, k);
        for (Index c = 0; c < tile; ++c) {
            at.x[c] += start;
            at.next[c] += start;
        }
        for (Index first = 0; first < size; first += rows)
            for (Index b = 0; b < n_new; b += tile) {
                const Index width = std::min(tile, n_new - b), count = std::min(rows, size - first);
                double sums[tile][tile] = {};
                add_dots(at.x, at.means, copies.data() + b * size, size, width, first, count,
                         at.next, sums);
                for (Index c = 0; c < at.height; ++c)
                    for (Index lane = 0; lane < width; ++lane)
                        gram[(known + b + lane) * stride + k + c] += sums[c][lane];
            }
    }
}

}  // namespace

template <class C, class T>
void dense_gram(const DenseView<T>& X, const Index* columns, Index n_columns, Index known,
                Index start, Index stop, double* gram, Index stride) {
    if (known == n_columns) return;
    constexpr Index few = 24;
    if (n_columns - known <= std::min(few, known)) {
        add_few(X, columns, n_columns, known, start, stop, gram, stride);
        mirror(gram, n_columns, known, stride);
        return;
    }
    constexpr Index room = 4000000 / sizeof(C), fewest = 256;  // entries and rows of a copy
    const C* const where = in_place<C>(X, columns, n_columns);
    const bool at_once = where && Lines<C>::in_gram;
    const Index most = at_once ? stop - start : std::max(fewest, room / n_columns);
    const Index copied = where ? 0 : std::min(most, stop - start) * n_columns;
    const std::unique_ptr<C[]> copies(new C[static_cast<std::size_t>(copied)]);
    Lines<C> lines(gram, n_columns, known, stride);
    for (Index first = start; first < stop; first += most) {
        const Index count = std::min(most, stop - first);
        if (!where) copy_columns(X, columns, n_columns, first, count, copies.get());
        lines.add(where ? where + first : copies.get(), count, where ? X.n_rows : count);
    }
    mirror(gram, n_columns, known, stride);
}

namespace {

/// The listed columns by rows: positions in the list, in their order, and values. Only rows in
/// which one from `known` on has an entry.
struct Rows {
    std::vector<Index> start;
    std::vector<std::int32_t> position;
    std::vector<double> value;

    template <class T>
    Rows(const CscView<T>& X, const Index* columns, Index n_columns, Index known)
        : start(static_cast<std::size_t>(X.n_rows) + 2) {
        std::vector<std::uint8_t> touched(static_cast<std::size_t>(X.n_rows));
        const auto each = [&](Index from, auto visit) {
            for (Index a = from; a < n_columns; ++a)
                for (Index k = X.indptr[columns[a]]; k < X.indptr[columns[a] + 1]; ++k)
                    visit(a, k, static_cast<std::size_t>(X.indices[k]));
        };
        each(known, [&](Index, Index, std::size_t row) { touched[row] = 1; });
        each(0, [&](Index, Index, std::size_t row) { start[row + 2] += touched[row]; });
        for (std::size_t i = 2; i < start.size(); ++i) start[i] += start[i - 1];
        position.resize(static_cast<std::size_t>(start.back()));
        value.resize(position.size());
        each(0, [&](Index a, Index k, std::size_t row) {
            if (!touched[row]) return;
            const auto place = static_cast<std::size_t>(start[row + 1]++);
            position[place] = static_cast<std::int32_t>(a);
            value[place] = static_cast<double>(X.data[k]);
        });
    }
};

}  // namespace

template <class T>
void sparse_gram(const CscView<T>& X, const Index* columns, Index n_columns, Index known,
                 double* gram, Index stride) {
    const Rows rows(X, columns, n_columns, known);
    for (Index a = known; a < n_columns; ++a) std::fill_n(gram + a * stride, a + 1, 0.0);
    // Each row adds the products of its own entries alone.
    for (Index i = 0; i < X.n_rows; ++i) {
        const Index* const span = rows.start.data() + i;
        const std::int32_t* const position = rows.position.data();
        const double* const value = rows.value.data();
        for (Index k = span[1] - 1; k >= span[0] && position[k] >= known; --k) {
            const double weighted = X.weights ? X.weights[i] * value[k] : value[k];
            double* const line = gram + position[k] * stride;
            for (Index l = span[0]; l <= k; ++l) line[position[l]] += weighted * value[l];
        }
    }
    const double n = static_cast<double>(X.n_rows);
    for (Index a = known; a < n_columns; ++a)
        for (Index b = 0; b <= a; ++b) {
            double& product = gram[a * stride + b];
            if (X.means) product -= n * X.means[columns[a]] * X.means[columns[b]];
            gram[b * stride + a] = product;
        }
}

#define SPARSESCI_INSTANTIATE(View)                                                               \
    template void correlation(const View&, const Residual&, Index, const Index*, Index, double*); \
    template void subtract_product(                                                               \
        const View&, const Index*, Index, const double*, Index, const Residual&);
#define SPARSESCI_INSTANTIATE_DATA(View) \
    SPARSESCI_INSTANTIATE(View)          \
    template void column_stats(          \
        const View&, bool, const Residual&, Index, double*, double*, double*);
SPARSESCI_INSTANTIATE_DATA(DenseView<double>)
SPARSESCI_INSTANTIATE_DATA(DenseView<float>)
SPARSESCI_INSTANTIATE_DATA(CscView<double>)
SPARSESCI_INSTANTIATE_DATA(CscView<float>)
SPARSESCI_INSTANTIATE(GramView)
#define SPARSESCI_INSTANTIATE_DENSE(T, C)                                                   \
    template void copy_columns(const DenseView<T>&, const Index*, Index, Index, Index, C*); \
    template void dense_gram<C>(                                                            \
        const DenseView<T>&, const Index*, Index, Index, Index, Index, double*, Index);
SPARSESCI_INSTANTIATE_DENSE(double, double)
SPARSESCI_INSTANTIATE_DENSE(double, float)
SPARSESCI_INSTANTIATE_DENSE(float, double)
SPARSESCI_INSTANTIATE_DENSE(float, float)
template void sparse_gram(const CscView<double>&, const Index*, Index, Index, double*, Index);
template void sparse_gram(const CscView<float>&, const Index*, Index, Index, double*, Index);

}  // namespace sparsesci

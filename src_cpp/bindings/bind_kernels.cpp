#include "bindings.hpp"
#include "sparsesci/cd.hpp"
#include "sparsesci/columns.hpp"
#include "sparsesci/terms.hpp"

namespace sparsesci {
namespace {

using Doubles = CArray<double>;
using Indices = CArray<Index>;

/// Rows of coefficients or gradients: (p,) or (p, T).
struct Shape {
    Index p, T;
};

Shape rows_of(const Doubles& a, const char* name) {
    require(a.ndim() == 1 || a.ndim() == 2, std::string(name) + " must have 1 or 2 dimensions");
    return {a.shape(0), a.ndim() == 2 ? static_cast<Index>(a.shape(1)) : 1};
}

void require_fit(const Penalty& penalty, Index p) {
    require(penalty.n_coordinates < 0 || penalty.n_coordinates == p,
            "the penalty has " + std::to_string(penalty.n_coordinates) + " weights for " +
                std::to_string(p) + " coordinates");
}

/// Residuals are (T, size), offsets (T,).
Residual residual_of(const Matrix& X, Doubles& residual, Doubles& offset, Index T) {
    require_size(residual, T * X.residual_size(), "residual");
    require_size(offset, T, "offset");
    return {residual.mutable_data(), X.residual_size(), offset.mutable_data()};
}

/// The same for a kernel that only reads, so that the arrays may be read-only.
Residual residual_of(const Matrix& X, const Doubles& residual, const Doubles& offset, Index T) {
    require_size(residual, T * X.residual_size(), "residual");
    require_size(offset, T, "offset");
    return {const_cast<double*>(residual.data()), X.residual_size(),
            const_cast<double*>(offset.data())};
}

void require_columns(const Indices& columns, Index n_cols) {
    for (Index k = 0; k < static_cast<Index>(columns.size()); ++k)
        require(columns.data()[k] >= 0 && columns.data()[k] < n_cols,
                "columns holds an index outside the matrix");
}

template <class Call>
void visit_data(const Matrix& X, Call call) {
    std::visit(
        [&](const auto& view) {
            if constexpr (std::is_same_v<std::decay_t<decltype(view)>, GramView>)
                throw std::invalid_argument("a Gram matrix has no column statistics");
            else
                call(view);
        },
        X.view);
}

Index py_burst_work_size(const Matrix& X, Index ws_size, Index n_tasks) {
    return std::visit([&](const auto& v) { return burst_work_size(v, ws_size, n_tasks); }, X.view);
}

py::tuple py_cd_burst(const Matrix& X, const Penalty& penalty, const Doubles& lipschitz,
                      const Indices& ws, Doubles& w, Doubles& residual, Doubles& offset,
                      Index max_updates, double tol, bool accelerate, Doubles& work,
                      Indices& index_work) {
    const auto [p, T] = rows_of(w, "w");
    require(p == X.n_cols(), "w must have one row for each column of X");
    require_fit(penalty, p);
    require_size(lipschitz, p, "lipschitz");
    require_columns(ws, p);
    const Residual R = residual_of(X, residual, offset, T);
    const Index size = static_cast<Index>(ws.size());
    require(work.size() >= py_burst_work_size(X, size, T) && index_work.size() >= size,
            "work arrays are too small");
    const BurstLimits limits{max_updates, tol, accelerate};
    const Coefficients coefficients{w.mutable_data(), T};
    double* scratch = work.mutable_data();
    Index* index_scratch = index_work.mutable_data();
    BurstResult done{};
    {
        py::gil_scoped_release nogil;
        done = std::visit(
            [&](const auto& view) {
                return cd_burst(view, penalty, lipschitz.data(), ws.data(), size, coefficients, R,
                                limits, scratch, index_scratch);
            },
            X.view);
    }
    return py::make_tuple(done.n_updates, done.violation);
}

Index py_cd_path(const Matrix& X, const py::sequence& penalties, const Doubles& slopes,
                 const Doubles& tols, const Doubles& lipschitz, const Indices& ws, Doubles& w,
                 Doubles& before, Doubles& residual, Doubles& offset, Index max_updates,
                 Doubles& out, Indices& n_updates, Doubles& work, Indices& index_work) {
    const GramView* gram = std::get_if<GramView>(&X.view);
    require(gram, "a path needs a Gram matrix");
    const auto [p, T] = rows_of(w, "w");
    const auto n_steps = static_cast<Index>(penalties.size());
    PathSteps steps{{}, slopes.data(), tols.data()};
    require(p == X.n_cols(), "w must have one row for each column of X");
    for (const auto& penalty : penalties) {
        if (!py::isinstance<Penalty>(penalty)) throw py::type_error("penalties must be handles");
        steps.penalties.push_back(&penalty.cast<const Penalty&>());
        require_fit(*steps.penalties.back(), p);
    }
    require_size(slopes, n_steps, "slopes");
    require_size(tols, n_steps, "tols");
    require_size(lipschitz, p, "lipschitz");
    require_columns(ws, p);
    require_size(before, p * T, "before");
    require_size(out, n_steps * p * T, "out");
    require_size(n_updates, n_steps, "n_updates");
    const Residual R = residual_of(X, residual, offset, T);
    const auto size = static_cast<Index>(ws.size());
    require(work.size() >= burst_work_size(*gram, size, T) && index_work.size() >= size,
            "work arrays are too small");
    const Coefficients now{w.mutable_data(), T}, old{before.mutable_data(), T};
    double *coefs = out.mutable_data(), *scratch = work.mutable_data();
    Index *counts = n_updates.mutable_data(), *index_scratch = index_work.mutable_data();
    py::gil_scoped_release nogil;
    return cd_path(*gram, steps, lipschitz.data(), ws.data(), size, now, old, R, max_updates, coefs,
                   counts, scratch, index_scratch);
}

template <class View, template <class> class Kind>
constexpr bool is_a = false;
template <class T, template <class> class Kind>
constexpr bool is_a<Kind<T>, Kind> = true;

/// For kernels of one kind of data, whatever the type of its entries.
template <template <class> class Kind, class Call>
void visit_only(const Matrix& X, const char* otherwise, Call call) {
    std::visit(
        [&](const auto& view) {
            if constexpr (is_a<std::decay_t<decltype(view)>, Kind>)
                call(view);
            else
                throw std::invalid_argument(otherwise);
        },
        X.view);
}

void py_copy_columns(const Matrix& X, const Indices& columns, Index start, Doubles& out) {
    require_columns(columns, X.n_cols());
    const Index count = static_cast<Index>(columns.size());
    require(out.ndim() == 2 && out.shape(0) == count, "out must have one row for each column");
    const Index n_rows = out.shape(1);
    require(0 <= start && start + n_rows <= X.residual_size(),
            "start must leave as many rows as out has columns");
    double* copies = out.mutable_data();
    py::gil_scoped_release nogil;
    visit_only<DenseView>(X, "only for dense columns", [&](const auto& view) {
        copy_columns(view, columns.data(), count, start, n_rows, copies);
    });
}

/// The number of columns, if they are in the matrix and fit into `gram`.
Index require_gram(const Matrix& X, const Indices& columns, Index known, const Doubles& gram) {
    require_columns(columns, X.n_cols());
    const Index count = static_cast<Index>(columns.size());
    require(gram.ndim() == 2 && gram.shape(0) == gram.shape(1) && count <= gram.shape(0),
            "gram must be square and hold all columns");
    require(0 <= known && known <= count, "known must be a number of columns");
    return count;
}

void py_dense_gram(const Matrix& X, const Indices& columns, Index known, Index start, Index stop,
                   bool single, Doubles& gram) {
    const Index count = require_gram(X, columns, known, gram);
    require(0 <= start && start <= stop && stop <= X.residual_size(),
            "start and stop must be rows of X");
    double* out = gram.mutable_data();
    const Index stride = gram.shape(0);
    py::gil_scoped_release nogil;
    visit_only<DenseView>(X, "only for dense columns", [&](const auto& view) {
        if (single)
            dense_gram<float>(view, columns.data(), count, known, start, stop, out, stride);
        else
            dense_gram<double>(view, columns.data(), count, known, start, stop, out, stride);
    });
}

void py_sparse_gram(const Matrix& X, const Indices& columns, Index known, Doubles& gram) {
    const Index count = require_gram(X, columns, known, gram);
    double* out = gram.mutable_data();
    const Index stride = gram.shape(0);
    py::gil_scoped_release nogil;
    visit_only<CscView>(X, "only for compressed columns", [&](const auto& view) {
        sparse_gram(view, columns.data(), count, known, out, stride);
    });
}

void bind_descent_kernels(py::module_& m) {
    m.def("cd_burst", &py_cd_burst, py::arg("X"), py::arg("penalty"),
          py::arg("lipschitz").noconvert(), py::arg("ws").noconvert(), py::arg("w").noconvert(),
          py::arg("residual").noconvert(), py::arg("offset").noconvert(), py::arg("max_updates"),
          py::arg("tol"), py::arg("accelerate"), py::arg("work").noconvert(),
          py::arg("index_work").noconvert());
    m.def("cd_path", &py_cd_path, py::arg("X"), py::arg("penalties"), py::arg("slopes").noconvert(),
          py::arg("tols").noconvert(), py::arg("lipschitz").noconvert(), py::arg("ws").noconvert(),
          py::arg("w").noconvert(), py::arg("before").noconvert(), py::arg("residual").noconvert(),
          py::arg("offset").noconvert(), py::arg("max_updates"), py::arg("out").noconvert(),
          py::arg("n_updates").noconvert(), py::arg("work").noconvert(),
          py::arg("index_work").noconvert());
    m.def("burst_work_size", &py_burst_work_size, py::arg("X"), py::arg("ws_size"),
          py::arg("n_tasks"));
    m.def("copy_columns", &py_copy_columns, py::arg("X"), py::arg("columns").noconvert(),
          py::arg("start"), py::arg("out").noconvert());
    m.def("dense_gram", &py_dense_gram, py::arg("X"), py::arg("columns").noconvert(),
          py::arg("known"), py::arg("start"), py::arg("stop"), py::arg("single"),
          py::arg("gram").noconvert());
    m.def("sparse_gram", &py_sparse_gram, py::arg("X"), py::arg("columns").noconvert(),
          py::arg("known"), py::arg("gram").noconvert());
}

void py_column_stats(const Matrix& X, bool center, const Doubles& targets, Doubles& means,
                     Doubles& lipschitz, Doubles& correlations) {
    require(targets.ndim() == 2 && targets.shape(1) == X.residual_size(),
            "targets must have one row of n_samples entries for each target");
    const auto T = static_cast<Index>(targets.shape(0));
    require_size(means, X.n_cols(), "means");
    require_size(lipschitz, X.n_cols(), "lipschitz");
    require_size(correlations, X.n_cols() * T, "correlations");
    std::vector<double> no_offset(static_cast<std::size_t>(T));
    // Only ever read.
    const Residual Y{const_cast<double*>(targets.data()), X.residual_size(), no_offset.data()};
    double *mean = means.mutable_data(), *square = lipschitz.mutable_data();
    double* out = correlations.mutable_data();
    py::gil_scoped_release nogil;
    visit_data(X, [&](const auto& view) { column_stats(view, center, Y, T, mean, square, out); });
}

void bind_matrix_kernels(py::module_& m) {
    m.def("column_stats", &py_column_stats, py::arg("X"), py::arg("center"),
          py::arg("targets").noconvert(), py::arg("means").noconvert(),
          py::arg("lipschitz").noconvert(), py::arg("correlations").noconvert());
    m.def(
        "correlation",
        [](const Matrix& X, const Doubles& residual, const Doubles& offset,
           const py::object& listing, Doubles& out) {
            const auto [p, T] = rows_of(out, "out");
            require(p == X.n_cols(), "out must have one row for each column of X");
            const auto columns = optional_array<Index>(listing, "columns");
            if (columns) require_columns(*columns, p);
            const Residual R = residual_of(X, residual, offset, T);
            const Index* listed = columns ? columns->data() : nullptr;
            const Index count = columns ? static_cast<Index>(columns->size()) : 0;
            double* result = out.mutable_data();
            const Index n_tasks = T;
            py::gil_scoped_release nogil;
            std::visit(
                [&](const auto& v) { correlation(v, R, n_tasks, listed, count, result); }, X.view);
        },
        py::arg("X"), py::arg("residual").noconvert(), py::arg("offset").noconvert(),
        py::arg("columns"), py::arg("out").noconvert());
    m.def(
        "subtract_product",
        [](const Matrix& X, const py::object& listing, const Doubles& w, Doubles& residual,
           Doubles& offset) {
            const auto [rows, T] = rows_of(w, "w");
            const auto columns = optional_array<Index>(listing, "columns");
            if (columns) require_columns(*columns, X.n_cols());
            const Index count = columns ? static_cast<Index>(columns->size()) : X.n_cols();
            require(rows == count, "w must have one row for each column");
            const Residual R = residual_of(X, residual, offset, T);
            const Index* listed = columns ? columns->data() : nullptr;
            const double* coefficients = w.data();
            const Index n_tasks = T;
            py::gil_scoped_release nogil;
            std::visit(
                [&](const auto& v) {
                    subtract_product(v, listed, count, coefficients, n_tasks, R);
                },
                X.view);
        },
        py::arg("X"), py::arg("columns"), py::arg("w").noconvert(), py::arg("residual").noconvert(),
        py::arg("offset").noconvert());
}

void bind_term_kernels(py::module_& m) {
    m.def(
        "prox",
        [](const Penalty& penalty, const Doubles& x, const Doubles& steps, Doubles& out) {
            require(x.ndim() == 2, "x must have 2 dimensions");
            require_fit(penalty, x.shape(1));
            require_size(steps, x.shape(0), "steps");
            require_size(out, static_cast<Index>(x.size()), "out");
            double* result = out.mutable_data();
            py::gil_scoped_release nogil;
            prox(penalty, x.data(), x.shape(0), x.shape(1), steps.data(), result);
        },
        py::arg("penalty"), py::arg("x").noconvert(), py::arg("steps").noconvert(),
        py::arg("out").noconvert());
    m.def(
        "prox_rows",
        [](const Penalty& penalty, const Doubles& rows, double step, Doubles& out) {
            const auto [p, T] = rows_of(rows, "rows");
            require_fit(penalty, p);
            require_size(out, p * T, "out");
            double* result = out.mutable_data();
            const Index n_rows = p, n_tasks = T;
            py::gil_scoped_release nogil;
            prox_rows(penalty, rows.data(), n_rows, n_tasks, step, result);
        },
        py::arg("penalty"), py::arg("rows").noconvert(), py::arg("step"),
        py::arg("out").noconvert());
    m.def(
        "value",
        [](const Penalty& penalty, const Doubles& rows) {
            const auto [p, T] = rows_of(rows, "rows");
            require_fit(penalty, p);
            const Index n_rows = p, n_tasks = T;
            py::gil_scoped_release nogil;
            return value(penalty, rows.data(), n_rows, n_tasks);
        },
        py::arg("penalty"), py::arg("rows").noconvert());
    m.def(
        "subdiff",
        [](const Penalty& penalty, const Doubles& rows, const Doubles& grad, Doubles& out) {
            const auto [p, T] = rows_of(rows, "rows");
            require_fit(penalty, p);
            require_size(grad, p * T, "grad");
            require_size(out, p, "out");
            double* result = out.mutable_data();
            const Index n_rows = p, n_tasks = T;
            py::gil_scoped_release nogil;
            subdiff(penalty, rows.data(), grad.data(), n_rows, n_tasks, result);
        },
        py::arg("penalty"), py::arg("rows").noconvert(), py::arg("grad").noconvert(),
        py::arg("out").noconvert());
}

void bind_dual_kernels(py::module_& m) {
    m.def(
        "dual_point",
        [](const Penalty& penalty, const Doubles& u, double quadratic, double linear) {
            const auto [p, T] = rows_of(u, "u");
            require_fit(penalty, p);
            const Index n_rows = p, n_tasks = T;
            DualPoint best{};
            {
                py::gil_scoped_release nogil;
                best = dual_point(penalty, u.data(), n_rows, n_tasks, quadratic, linear);
            }
            return py::make_tuple(best.scale, best.value);
        },
        py::arg("penalty"), py::arg("u").noconvert(), py::arg("quadratic"), py::arg("linear"));
    m.def(
        "certify",
        [](const Penalty& penalty, const Doubles& w, const Doubles& u, double quadratic,
           double linear, Doubles& violations) {
            const auto [p, T] = rows_of(w, "w");
            require_fit(penalty, p);
            require_size(u, p * T, "u");
            require_size(violations, p, "violations");
            double* out = violations.mutable_data();
            const Index n_rows = p, n_tasks = T;
            Optimality at{};
            {
                py::gil_scoped_release nogil;
                at = certify(penalty, w.data(), u.data(), n_rows, n_tasks, quadratic, linear, out);
            }
            return py::make_tuple(
                at.value, at.dual.scale, at.dual.value, at.violation, at.n_active, at.largest);
        },
        py::arg("penalty"), py::arg("w").noconvert(), py::arg("u").noconvert(),
        py::arg("quadratic"), py::arg("linear"), py::arg("violations").noconvert());
    m.def(
        "screen",
        [](const Penalty& penalty, const Doubles& u, const Doubles& lipschitz, double scale,
           double gap, CArray<bool>& keep) {
            const auto [p, T] = rows_of(u, "u");
            require_fit(penalty, p);
            require_size(lipschitz, p, "lipschitz");
            require_size(keep, p, "keep");
            auto* flags = reinterpret_cast<std::uint8_t*>(keep.mutable_data());
            const Index n_rows = p, n_tasks = T;
            py::gil_scoped_release nogil;
            screen(penalty, u.data(), n_rows, n_tasks, lipschitz.data(), scale, gap, flags);
        },
        py::arg("penalty"), py::arg("u").noconvert(), py::arg("lipschitz").noconvert(),
        py::arg("scale"), py::arg("gap"), py::arg("keep").noconvert());
}

}  // namespace

void bind_kernels(py::module_& m) {
    bind_descent_kernels(m);
    bind_matrix_kernels(m);
    bind_term_kernels(m);
    bind_dual_kernels(m);
}

}  // namespace sparsesci

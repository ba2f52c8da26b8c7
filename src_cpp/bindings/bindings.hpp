#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sparsesci/matrix.hpp"
#include "sparsesci/penalty.hpp"

namespace py = pybind11;

namespace sparsesci {

// Arrays are bound by name with .noconvert(): a wrong dtype or order is a TypeError, never a
// silent copy. Inputs may be read-only; outputs go through mutable_data(), which refuses them.
template <class T>
using CArray = py::array_t<T, py::array::c_style>;
template <class T>
using FArray = py::array_t<T, py::array::f_style>;

/// A view and the arrays it looks into.
struct Matrix {
    using View = std::variant<DenseView<double>, DenseView<float>, CscView<double>, CscView<float>,
                              GramView>;
    View view;
    std::vector<py::object> keep_alive;
    Index n_cols() const {
        return std::visit([](const auto& v) { return v.n_cols; }, view);
    }
    Index residual_size() const {
        return std::visit([](const auto& v) { return v.residual_size(); }, view);
    }
};

inline void require(bool condition, const std::string& message) {
    if (!condition) throw std::invalid_argument(message);
}

template <class T, int Flags>
void require_size(const py::array_t<T, Flags>& array, Index size, const char* name) {
    require(static_cast<Index>(array.size()) == size,
            std::string(name) + " must have " + std::to_string(size) + " entries, got " +
                std::to_string(array.size()));
}

/// An array or None, without conversion.
template <class T>
std::optional<CArray<T>> optional_array(const py::object& a, const char* name) {
    if (a.is_none()) return std::nullopt;
    if (!py::isinstance<CArray<T>>(a))
        throw py::type_error(std::string(name) + " must be a contiguous array of the right dtype");
    return py::reinterpret_borrow<CArray<T>>(a);
}

void bind_bayes(py::module_& m);
void bind_types(py::module_& m);
void bind_kernels(py::module_& m);
void bind_pursuit(py::module_& m);

}  // namespace sparsesci

#include "bindings.hpp"

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
    m.doc() = "Compiled kernels of sparsesci; see sparsesci._kernels._contract.";
    sparsesci::bind_types(m);
    sparsesci::bind_kernels(m);
    sparsesci::bind_pursuit(m);
    m.attr("compiler") = SPARSESCI_COMPILER;
    m.attr("flags") = SPARSESCI_FLAGS;
    m.attr("multiversioned") = std::string(SPARSESCI_MULTIVERSION) == "1";
}

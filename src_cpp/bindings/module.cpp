#include "bindings.hpp"
#include "sparsesci/lapack.hpp"

namespace {

/// The address of a LAPACK function, from the capsules that SciPy exports for this.
template <class Function>
Function* from_scipy(const char* name) {
    const py::object table = py::module_::import("scipy.linalg.cython_lapack").attr("__pyx_capi__");
    const py::object capsule = table[name];
    void* address = PyCapsule_GetPointer(capsule.ptr(), PyCapsule_GetName(capsule.ptr()));
    if (!address) throw py::error_already_set();
    return reinterpret_cast<Function*>(address);
}

}  // namespace

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
    m.doc() = "Compiled kernels of sparsesci; see sparsesci._kernels._contract.";
    sparsesci::bind_types(m);
    sparsesci::bind_kernels(m);
    sparsesci::bind_pursuit(m);
    sparsesci::bind_bayes(m);
    sparsesci::lapack::potrf = from_scipy<sparsesci::lapack::Potrf>("dpotrf");
    sparsesci::lapack::potrs = from_scipy<sparsesci::lapack::Potrs>("dpotrs");
    m.attr("compiler") = SPARSESCI_COMPILER;
    m.attr("flags") = SPARSESCI_FLAGS;
    m.attr("multiversioned") = std::string(SPARSESCI_MULTIVERSION) == "1";
}

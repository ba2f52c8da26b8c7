#include "sparsesci/lapack.hpp"

namespace sparsesci::lapack {

Potrf* potrf = nullptr;
Potrs* potrs = nullptr;

bool solve_positive(double* A, Index k, double* x) {
    char upper = 'U';  // rows here are columns there
    int n = static_cast<int>(k), one = 1, info = 0;
    potrf(&upper, &n, A, &n, &info);
    if (info != 0) return false;
    potrs(&upper, &n, &one, A, &n, x, &n, &info);
    return info == 0;
}

}  // namespace sparsesci::lapack

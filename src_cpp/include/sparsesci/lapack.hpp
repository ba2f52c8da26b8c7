#pragma once
#include "sparsesci/vector.hpp"

/// LAPACK, borrowed from SciPy: nothing is linked.
namespace sparsesci::lapack {

using Potrf = void(char* uplo, int* n, double* a, int* lda, int* info);
using Potrs = void(char* uplo, int* n, int* nrhs, double* a, int* lda, double* b, int* ldb,
                   int* info);

/// Addresses, which importing the extension sets once.
extern Potrf* potrf;
extern Potrs* potrs;

/// x <- A^-1 x by Cholesky, A of size k x k with its lower triangle given by rows and
/// overwritten. False where A is not positive definite.
bool solve_positive(double* A, Index k, double* x);

}  // namespace sparsesci::lapack

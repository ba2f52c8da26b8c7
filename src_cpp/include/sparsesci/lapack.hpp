#pragma once
#include "sparsesci/vector.hpp"

/// BLAS and LAPACK, borrowed from SciPy: nothing is linked.
namespace sparsesci::lapack {

using Potrf = void(char* uplo, int* n, double* a, int* lda, int* info);
using Potrs = void(char* uplo, int* n, int* nrhs, double* a, int* lda, double* b, int* ldb,
                   int* info);

using Gemm = void(char* transa, char* transb, int* m, int* n, int* k, double* alpha, double* a,
                  int* lda, double* b, int* ldb, double* beta, double* c, int* ldc);
using Syrk = void(char* uplo, char* trans, int* n, int* k, double* alpha, double* a, int* lda,
                  double* beta, double* c, int* ldc);

/// Addresses, which importing the extension sets once.
extern Potrf* potrf;
extern Potrs* potrs;
extern Gemm* gemm;
extern Syrk* syrk;

/// C += B A' by rows, for rows of A (p x k) and of B (m x k) that lie `length` apart, those of C
/// (m x p) `stride`.
void add_products(const double* A, Index p, const double* B, Index m, Index k, Index length,
                  double* C, Index stride);

/// The lower triangle of C += A A'.
void add_squares(const double* A, Index p, Index k, Index length, double* C, Index stride);

/// x <- A^-1 x by Cholesky, A of size k x k with its lower triangle given by rows and
/// overwritten. False where A is not positive definite.
bool solve_positive(double* A, Index k, double* x);

}  // namespace sparsesci::lapack

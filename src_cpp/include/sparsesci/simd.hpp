#pragma once

/// One source, one object for each level of x86-64, chosen by the loader. Goes before the
/// definition of a function that is not a template; what it calls is SPARSESCI_INLINE, so that
/// it is compiled for the same level. The files that use it may contract to fused multiply-add.
#if defined(SPARSESCI_HAS_TARGET_CLONES)
#define SPARSESCI_MULTIVERSION \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define SPARSESCI_MULTIVERSION
#endif

#if defined(__GNUC__)
#define SPARSESCI_INLINE inline __attribute__((always_inline))
#else
#define SPARSESCI_INLINE inline
#endif

namespace sparsesci {
/// Ask for the memory at an address, which need not be readable.
SPARSESCI_INLINE void prefetch(const void* address) {
#if defined(__GNUC__)
    __builtin_prefetch(address);
#else
    (void)address;
#endif
}

/// As many doubles as the widest registers hold, as one value; elsewhere, one.
#if defined(__GNUC__)
typedef double Pack __attribute__((vector_size(64)));
#else
using Pack = double;
#endif
}  // namespace sparsesci

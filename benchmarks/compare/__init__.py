"""Time to a true suboptimality: sparsesci and its peers on the same problems."""

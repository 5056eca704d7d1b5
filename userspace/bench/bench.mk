# SPDX-License-Identifier: MIT
# Benchmarks: 'make bench' compares libraries, by time; 'make counts' compares
# libsluice with itself, by instructions.
BENCH_TURNS ?= 15
BENCH_OBJS := $(call objects,$(wildcard bench/*.c))
BENCH_LIBS = $(shell $(PKG_CONFIG) --libs libssl gnutls)

$(O)/bench/bench: $(BENCH_OBJS) $(O)/libsluice.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(BENCH_LIBS) $(CRYPTO_LIBS)

$(O)/bench/pki: bench/certificates
	bench/certificates $@
	@touch $@

bench: $(O)/bench/bench $(O)/bench/pki
	@$(O)/bench/bench $(O)/bench/pki $(BENCH_TURNS)
	@printf '\n### Code\n\n```\n'; size $(O)/libsluice.so \
		$$(ldconfig -p | awk '/lib(ssl|gnutls)\.so\.[0-9]+ .*x86-64/ { print $$NF }'); \
		printf '```\n'

counts: $(O)/bench/bench $(O)/bench/pki
	@bench/counts $^

bench-baseline: $(O)/bench/bench $(O)/bench/pki
	@bench/counts $^ set

# SPDX-License-Identifier: MIT
# Benchmarks: 'make bench' compares libraries, by time; 'make counts' compares
# libsluice with itself, by instructions.
BENCH_TURNS ?= 15
BENCH_OBJS := $(call objects,$(addprefix bench/,main.c run.c recorder.c heap.c sluice.c openssl.c))
# Those that are installed; rustls comes from crates.io, if cargo gets it.
BENCH_PEERS := $(foreach peer,gnutls wolfssl mbedtls botan-3,$(shell $(PKG_CONFIG) --exists $(peer) && echo $(peer)))
BENCH_CARGO := CARGO_TARGET_DIR=$(O)/bench/cargo cargo build -q --release --locked \
	       --manifest-path bench/rustls/Cargo.toml

# Others count the heap with these, too.
$(O)/bench/bench: $(BENCH_OBJS) $(O)/libsluice.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -rdynamic -o $@ $^ $(shell $(PKG_CONFIG) --libs libssl) $(CRYPTO_LIBS)

$(O)/bench/%.so: $(O)/obj/bench/%.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -shared -o $@ $< $(shell $(PKG_CONFIG) --libs $*)

$(O)/bench/botan-3.so: bench/botan-3.cc bench/bench.h
	@mkdir -p $(@D)
	$(CXX) -std=c++20 -O2 -Wall -Wextra -Werror -fPIC $(LDFLAGS) -shared -o $@ $< \
		$(shell $(PKG_CONFIG) --cflags --libs botan-3)

# What cannot be built is left out, and the log says why.
.PHONY: bench-rustls
bench-rustls:
	@mkdir -p $(O)/bench
	@rm -f $(O)/bench/rustls.so
	@if $(BENCH_CARGO) >$(O)/bench/rustls.log 2>&1; then \
		cp $(O)/bench/cargo/release/libbench_rustls.so $(O)/bench/rustls.so; \
	else \
		echo "rustls is left out: $$(grep -m1 -i -E 'error|not found' $(O)/bench/rustls.log)" >&2; \
	fi

$(O)/bench/pki: bench/certificates
	bench/certificates $@
	@touch $@

bench: $(O)/libsluice.so $(O)/bench/bench $(O)/bench/pki $(BENCH_PEERS:%=$(O)/bench/%.so) bench-rustls
	@peers="$(BENCH_PEERS:%=$(O)/bench/%.so)"; \
	[ ! -e $(O)/bench/rustls.so ] || peers="$(O)/bench/rustls.so $$peers"; \
	$(O)/bench/bench $(O)/bench/pki $(BENCH_TURNS) $$peers && bench/code $(O) $$peers

counts: $(O)/bench/bench $(O)/bench/pki
	@bench/counts $(O)/bench/bench $(O)/bench/pki

bench-baseline: $(O)/bench/bench $(O)/bench/pki
	@bench/counts $(O)/bench/bench $(O)/bench/pki set

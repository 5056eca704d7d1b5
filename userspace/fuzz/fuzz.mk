# SPDX-License-Identifier: MIT
# Every fuzz_NAME.c is a target of libFuzzer. What a run finds new stays in
# O/fuzz/NAME.corpus; what it starts from is there, too, with corpus/NAME of the
# tree and what some of them make themselves (-DSEEDS).
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c))
FUZZ_CFLAGS := -std=c17 -D_GNU_SOURCE -O1 -g -Ilibsluice/include -Ilibsluice -Itests -Ifuzz -include fuzz/strict.h \
	       -I../kernel/include/uapi -DSLUICE_VERSION='"fuzz"'
FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_HEADERS := $(wildcard libsluice/*.h libsluice/include/sluice/*.h cli/*.h tests/toy.h) \
		cli/ticket.c sluiced/upcall.c fuzz/mutate.h fuzz/strict.h
ENGINE_SOURCES := $(filter-out libsluice/kernel.c,$(wildcard libsluice/*.c))

# The providers, and what they are on.
PROVIDER_SOURCES := libsluice/providers/backend.c \
		    $(wildcard $(PROVIDERS:%=libsluice/providers/%/*.c))
PROVIDER_SOURCES := $(filter-out $(NOT_BUILT),$(PROVIDER_SOURCES))
FUZZ_HAVE := $(filter -DSLUICE_MBEDTLS -DSLUICE_HAVE_%,$(CFLAGS))

FUZZ_certificates := $(ENGINE_SOURCES) $(PROVIDER_SOURCES)
FUZZ_CFLAGS_certificates := $(FUZZ_HAVE)
FUZZ_LIBS_certificates = $(CRYPTO_LIBS)
FUZZ_compression := $(filter libsluice/providers/compression/%,$(PROVIDER_SOURCES))
FUZZ_CFLAGS_compression := $(FUZZ_HAVE)
FUZZ_LIBS_compression = $(CRYPTO_LIBS)
FUZZ_files := $(ENGINE_SOURCES) cli/psk.c tests/toy.c
FUZZ_engine := $(ENGINE_SOURCES) tests/toy.c fuzz/mutate.c
FUZZ_cli := cli/http.c cli/url.c cli/options.c cli/shared_options.c cli/pins.c \
	    cli/base64.c libsluice/providers/compression/table.c
FUZZ_CFLAGS_cli := -Dargp_error=usage_error
FUZZ_starttls := cli/starttls.c
FUZZ_differential := $(ENGINE_SOURCES) $(wildcard libsluice/providers/openssl/*.c) fuzz/mutate.c
FUZZ_LIBS_differential = $(shell $(PKG_CONFIG) --libs libssl libcrypto)
FUZZ_ech := $(ENGINE_SOURCES) cli/ech.c cli/pem.c cli/base64.c tests/toy.c
FUZZ_upcall :=
FUZZ_LIBS_upcall := $(MNL_LIBS)

.SECONDEXPANSION:
$(O)/fuzz/%: fuzz/fuzz_%.c $$(FUZZ_$$*) $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) $(FUZZ_CFLAGS_$*) $(FUZZ_SANITIZE) -fsanitize=fuzzer -o $@ \
		$< $(FUZZ_$*) $(FUZZ_LIBS_$*)

# The same with MemorySanitizer: is an octet used, or sent, that nobody wrote?
$(O)/fuzz/engine.msan: fuzz/fuzz_engine.c $(FUZZ_engine) $(FUZZ_HEADERS)
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -fsanitize=memory -fsanitize-memory-track-origins \
		-fsanitize=fuzzer -o $@ $< $(FUZZ_engine)

# A corpus that is made, each time anew; what covers nothing more is left out, so
# that a short run has time for more than that.
FUZZ_SEEDED := engine certificates
$(O)/fuzz/%.seeds: $(O)/fuzz/%
	@mkdir -p $(O)/fuzz/$*.corpus $(O)/fuzz/$*.made
	clang $(FUZZ_CFLAGS) $(FUZZ_CFLAGS_$*) $(FUZZ_SANITIZE) -DSEEDS -o $@ \
		fuzz/fuzz_$*.c $(filter-out fuzz/mutate.c,$(FUZZ_$*)) $(FUZZ_LIBS_$*)
	ASAN_OPTIONS=detect_leaks=0 $@ $(O)/fuzz/$*.made
	@$< -merge=1 -max_len=20000 $(O)/fuzz/$*.corpus $(O)/fuzz/$*.made >$@.log 2>&1 || \
		{ cat $@.log; exit 1; }

fuzz: $(addprefix $(O)/fuzz/,$(FUZZ_TARGETS) $(FUZZ_SEEDED:=.seeds))
	@failed=0; for target in $(FUZZ_TARGETS); do \
		mkdir -p $(O)/fuzz/$$target.corpus fuzz/corpus/$$target; \
		if $(O)/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) \
			-max_len=20000 -print_final_stats=1 \
			-artifact_prefix=$(O)/fuzz/$$target- \
			$(O)/fuzz/$$target.corpus fuzz/corpus/$$target; then \
			echo "ok - fuzz_$$target: $(FUZZ_SECONDS) seconds find nothing"; \
		else \
			echo "not ok - fuzz_$$target: see $(O)/fuzz/$$target-*"; failed=1; \
		fi; \
	done; exit $$failed

fuzz-msan: $(O)/fuzz/engine.msan $(O)/fuzz/engine.seeds
	$< -max_total_time=$(FUZZ_SECONDS) -max_len=20000 -print_final_stats=1 \
		-artifact_prefix=$(O)/fuzz/msan- $(O)/fuzz/engine.corpus
	@echo "ok - fuzz_engine: MemorySanitizer finds nothing"

# SPDX-License-Identifier: GPL-2.0
# How the crate is built: sluice_lib.o and libsluice.rmeta from src/lib.rs,
# sluice_helpers.o from helpers/helpers.c. See driver.mk for who links them.
sluice-rust := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
# In a kernel tree, the module is the parent directory.
sluice-include := $(firstword $(wildcard $(sluice-rust)/../kernel/include $(sluice-rust)/../include))

# What the driver needs of sluice.ko.
ifdef KBUILD_EXTMOD
SLUICE_SYMVERS ?= $(abspath $(sluice-rust))/../kernel/build/Module.symvers
KBUILD_EXTRA_SYMBOLS += $(SLUICE_SYMVERS)
endif

# What is wrong around us, before rustc says it in its own way. In a kernel tree
# Kconfig has looked already.
PHONY += sluice-check
sluice-check:
ifdef KBUILD_EXTMOD
	@fail() { echo "sluice: $$*" >&2; exit 2; }; \
	test -e $(objtree)/rust/libkernel.rmeta || \
		fail "$(objtree) is not prepared for modules in Rust: scripts/rust/tree makes one that is"; \
	command -v $(BINDGEN) >/dev/null || \
		fail "bindgen is missing: apt-get install bindgen"; \
	v=$$($(RUSTC) --version) || \
		fail "rustc is missing: apt-get install rustc"; \
	test "$$v" = "$(CONFIG_RUSTC_VERSION_TEXT)" || \
		fail "this is $$v, but the kernel was built by $(CONFIG_RUSTC_VERSION_TEXT): one can't use what the other has made"; \
	test -e $(SLUICE_SYMVERS) || \
		fail "there is no $(SLUICE_SYMVERS): build sluice.ko first, or say with SLUICE_SYMVERS= where it was built"
endif

# What clang, and so bindgen, can't take of gcc's flags: rust/Makefile knows.
ifndef CONFIG_CC_IS_CLANG
sluice-skip-cflags := $(shell sed -n '/^bindgen_skip_c_flags/,/[^\\]$$/{s/.*:=//;s/\\$$//;p}' $(srctree)/rust/Makefile 2>/dev/null)
sluice-bindgen-cflags := -w --target=x86_64-linux-gnu
endif

CFLAGS_sluice_bindings.o := -I$(sluice-include) -I$(sluice-rust)/helpers
quiet_cmd_sluice_bindgen = BINDGEN $@
      cmd_sluice_bindgen = $(BINDGEN) $< $(shell grep -v '^\#' $(sluice-rust)/bindings/bindgen_parameters) -o $@ -- \
	$(filter-out $(sluice-skip-cflags),$(c_flags)) $(sluice-bindgen-cflags) \
	-fno-builtin -D__BINDGEN__ -DMODULE; \
	sed -Ei 's/pub const RUST_CONST_HELPER_/pub const /; s/pub fn rust_helper_([a-z0-9_]*)/\#[link_name="rust_helper_\1"]\n    pub fn \1/' $@
$(obj)/sluice_bindings.rs: $(sluice-rust)/bindings/bindings_helper.h \
		$(sluice-rust)/bindings/bindgen_parameters FORCE | sluice-check
	$(call if_changed_dep,sluice_bindgen)
targets += sluice_bindings.rs

RUSTFLAGS_sluice_lib.o := --crate-name sluice --emit=metadata=$(obj)/libsluice.rmeta
# As a module's, but lib.rs says itself that it is no_std, and its features:
# rustdoc takes neither from the command line.
quiet_cmd_sluice_lib = $(quiet_cmd_rustc_o_rs)
      cmd_sluice_lib = $(filter-out -Zcrate-attr=%,$(cmd_rustc_o_rs))
define rule_sluice_lib
	$(call cmd_and_fixdep,sluice_lib)
	$(call cmd,gen_objtooldep)
endef
$(obj)/sluice_lib.o: private export SLUICE_BINDINGS = $(abspath $(obj))/sluice_bindings.rs
$(obj)/sluice_lib.o: $(sluice-rust)/src/lib.rs $(obj)/sluice_bindings.rs FORCE
	+$(call if_changed_rule,sluice_lib)
clean-files += libsluice.rmeta

CFLAGS_sluice_helpers.o := -I$(sluice-include)
$(obj)/sluice_helpers.o: $(sluice-rust)/helpers/helpers.c FORCE
	$(call if_changed_rule,cc_o_c)

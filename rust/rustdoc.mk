# SPDX-License-Identifier: GPL-2.0
# What rustdoc does: the documentation, and of its examples a KUnit suite.
sluice-rustdoc = OBJTREE=$(abspath $(objtree)) $(RUSTDOC) --crate-name sluice \
	$(filter-out --remap-path-scope=%,$(rust_flags)) -Zunstable-options \
	--sysroot=/dev/null -L $(objtree)/rust --extern kernel --extern pin_init
sluice-rustdoc-targets := $(obj)/sluice_doctests.rs $(obj)/rustdoc/sluice/index.html
$(sluice-rustdoc-targets): private export SLUICE_BINDINGS = $(abspath $(obj))/sluice_bindings.rs
targets += sluice_doctests.rs
clean-files += doctests doctests.log rustdoc

quiet_cmd_sluice_rustdoc = RUSTDOC $@
      cmd_sluice_rustdoc = rm -rf $(obj)/rustdoc; \
	$(sluice-rustdoc) -Dwarnings -Dmissing_docs --generate-link-to-definition \
		--extern-html-root-url kernel=https://rust.docs.kernel.org/ \
		--output $(obj)/rustdoc $<
$(obj)/rustdoc/sluice/index.html: $(sluice-rust)/src/lib.rs $(obj)/sluice_lib.o FORCE
	+$(call if_changed,sluice_rustdoc)

RUSTFLAGS_sluice_doctests.o := --extern sluice=$(obj)/libsluice.rmeta
quiet_cmd_sluice_doctests = RUSTDOC T $@
      cmd_sluice_doctests = rm -rf $(obj)/doctests; mkdir $(obj)/doctests; \
	$(sluice-rustdoc) --test --no-run -Zcrate-attr=no_std \
		--test-builder $(sluice-rust)/tests/doctests $< >$(obj)/doctests.log || \
		{ cat $(obj)/doctests.log; exit 1; }; \
	$(sluice-rust)/tests/doctests gen $(sluice-rust)/src >$@
$(obj)/sluice_doctests.rs: private export SLUICE_DOCTESTS = $(abspath $(obj))/doctests
$(obj)/sluice_doctests.rs: private export SLUICE_SRC = $(sluice-rust)/src
$(obj)/sluice_doctests.rs: $(sluice-rust)/src/lib.rs $(obj)/sluice_lib.o \
		$(sluice-rust)/tests/doctests FORCE
	+$(call if_changed,sluice_doctests)

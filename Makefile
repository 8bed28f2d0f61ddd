# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# unet: kernel module, library, tools and their tests.
#
#   make                 module for KVER (default: the running kernel), library, tools
#   make modules KVER=   only the module; kernels are built side by side
#   make lib | tools     only the library | the command-line tools
#   make unit|sim|fuzz   user-space tests: cmocka, simulated network, short fuzzing
#   make sparse|style    static checks of the module; coding style
#   make kselftest KVER= the kernel tests, in a throw-away VM
#   make check           all of the above, on Linux 6.1 and 6.12
#   make check-long      loops and fuzzers of it at their full length
#   make demo            see it work, in a throw-away VM
#   make install         module, library, headers, tools, man pages (DESTDIR, PREFIX)
#   make uninstall       take them away again
#   make install-dkms    the module's source for DKMS, which follows kernel updates
#   make help            this text, with what test folders add
#
# Everything built goes to build/. Kbuild is what the kernel's own make reads.
# A folder of tests/ adds targets in a rules.mk of its own.

VERSION := $(shell sed -n 's/^.define UNET_VERSION[[:space:]]*"\(.*\)"/\1/p' include/unet/unet.h)
SOVERSION := 0

KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
BINDIR ?= $(PREFIX)/bin
INCLUDEDIR ?= $(PREFIX)/include
MANDIR ?= $(PREFIX)/share/man
COMPLETIONDIR ?= $(PREFIX)/share/bash-completion/completions
MODDIR ?= /lib/modules/$(KVER)/updates

CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG ?= clang
AR := $(if $(filter default,$(origin AR)),ar,$(AR))
INSTALL ?= install
STRIP ?= strip

Q := $(if $(V),,@)
say = @$(if $(V),:,printf '  %-8s %s\n' '$(1)' '$(2)')

.DEFAULT_GOAL := all
.SUFFIXES:
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

# ---- sources ---------------------------------------------------------------

LIB_SRC := $(sort $(wildcard libunet/*.c kmod/core/*.c))
# tools/hooks/ are no programs but hooks: NAME.c, with what is called NAME_*.c
HOOKS := $(sort $(foreach f,$(wildcard tools/hooks/*.c),$(firstword $(subst _, ,$(basename $(notdir $(f)))))))
TOOL_DIRS := $(filter-out hooks,$(sort $(patsubst tools/%/,%,$(dir $(wildcard tools/*/*.c)))))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT_AID := $(filter-out $(UNIT_SRC),$(sort $(wildcard tests/unit/*.c)))
SIM_SRC := $(sort $(wildcard tests/sim/sim_*.c))
SIM_AID := $(filter-out $(SIM_SRC),$(sort $(wildcard tests/sim/*.c)))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
KSFT_SRC := $(sort $(wildcard tests/kselftest/*.c))

# ---- user-space flavours ---------------------------------------------------

# An unused parameter is normal in a table of functions; the kernel's W=1 does
# not ask about it either.
WARN := -Wall -Wextra -Werror -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes
# The regions of a channel lie beyond 4 GiB: mmap() needs all of their offsets.
UFLAGS := -std=gnu11 $(WARN) -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-isystem include/uapi -Iinclude

# Who may see what: programs outside the library know its public headers only.
# Quoted includes alone look into libunet/, whose poll.h is not the system's.
INC_lib := -iquote libunet -iquote kmod
INC_tests := $(INC_lib) -iquote . -iquote tests
INC_ksft := -Ibuild/selftests/unet

# What libunet itself stands on.
LIB_LIBS := -lurcu-bp

FLAVOURS := rel asan fuzz clang m32 tsan
CC_rel := $(CC)
CC_asan := $(CC)
CC_fuzz := $(CLANG)
CC_clang := $(CLANG)
CC_m32 := $(CC) -m32
CC_tsan := $(CC)
SAN := address,undefined
CFLAGS_rel := -O2 -g -fPIC -fvisibility=hidden
CFLAGS_clang := $(CFLAGS_rel)
CFLAGS_m32 := -O2 -g
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,$(SAN) \
	-fno-sanitize-recover=all -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
# It does not know fences; those of the rings pair with a kernel, which is not here.
CFLAGS_tsan := -O1 -g -fsanitize=thread -Wno-tsan -Wno-maybe-uninitialized
LDFLAGS_asan := -fsanitize=$(SAN)
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_fuzz := -fsanitize=fuzzer,$(SAN)

# Libraries a program asks for in its first lines: /* libs: -lmnl */
asked_libs = $$(sed -n '1,20s,.*/\* libs: \(.*\) \*/.*,\1,p' $(1))

# Two builds cannot have liburcu: tests/rcu/rcu_plain.c says why.
RCU_m32 := tests/rcu/rcu_plain.c
RCU_tsan := tests/rcu/rcu_plain.c
lib_src = $(if $(RCU_$(1)),$(filter-out libunet/rcu.c,$(LIB_SRC)) $(RCU_$(1)),$(LIB_SRC))
lib_libs = $(if $(RCU_$(1)),,$(LIB_LIBS))

# $(1) flavour, $(2) folder, $(3) include set
define compile_rule
build/$(1)/obj/$(2)/%.o: $(2)/%.c Makefile
	$$(call say,CC[$(1)],$$<)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(UFLAGS) $$(CFLAGS_$(1)) $(3) -MD -MP -c $$< -o $$@
endef

define flavour_rules
$(call compile_rule,$(1),libunet,$(INC_lib))
$(call compile_rule,$(1),kmod/core,$(INC_lib))
$(call compile_rule,$(1),tests/unit,$(INC_tests))
$(call compile_rule,$(1),tests/sim,$(INC_tests))
$(call compile_rule,$(1),tests/fuzz,$(INC_tests))
$(call compile_rule,$(1),tests/rcu,$(INC_tests))
$(call compile_rule,$(1),tools,)
build/$(1)/libunet.a: $(patsubst %.c,build/$(1)/obj/%.o,$(call lib_src,$(1)))
	$$(call say,AR[$(1)],$$@)
	$$(Q)mkdir -p $$(@D) && rm -f $$@ && $$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach f,$(FLAVOURS),$(eval $(call flavour_rules,$(f))))

$(shell mkdir -p build)
-include $(shell find build -name '*.d' -path '*/obj/*' 2>/dev/null)

# ---- everything ------------------------------------------------------------

.PHONY: all help clean
# Without headers there is no module; the note about it comes last.
HEADERS := $(wildcard $(KDIR)/Makefile)
KERNELS = $(patsubst /lib/modules/%/build/Makefile,%,$(wildcard /lib/modules/*/build/Makefile))
no_module = printf '%s\n' "no module was built: no headers of kernel $(KVER) in $(KDIR)" \
	$(if $(KERNELS),$(foreach k,$(KERNELS),"  for an installed kernel:  make $(1)KVER=$(k)"),\
		"  apt install linux-headers-$(KVER)")

all: $(if $(HEADERS),modules) lib tools
	$(if $(HEADERS),,@$(no_module))

# The targets of test folders come behind those above.
help:
	@sed -n '3,/make demo/s/^# \{0,1\}//p' Makefile
	@sed -n 's/^#:: */  /p' $(wildcard tests/*/rules.mk) /dev/null
	@sed -n '/^#.* make install/,/^$$/s/^# \{0,1\}//p' Makefile

clean:
	rm -rf build

# ---- the module ------------------------------------------------------------

# Kernels are built side by side: build/kmod-$(KVER)/ mirrors the sources by
# links, and Kbuild's objects fall there.
KMOD_BUILD := build/kmod-$(KVER)
CORE_TEST_BUILD := build/core_test-$(KVER)
EXT_TEST_BUILD := build/ext_test-$(KVER)
KFLAGS ?= W=1 KCFLAGS=-Werror

# $(1) build folder, $(2) folders to mirror
mirror = mkdir -p $(1) && find $(1) -xtype l -delete && \
	for f in $$(find $(2) -name '*.[chS]' -o -name 'Kbuild'); do \
		mkdir -p $(1)/$${f%/*} && \
		ln -sfn $(CURDIR)/$$f $(1)/$$f || exit; \
	done

.PHONY: modules need-headers
modules: need-headers
	$(Q)$(call mirror,$(KMOD_BUILD),kmod include)
	$(Q)ln -sfn $(CURDIR)/Kbuild $(KMOD_BUILD)/Kbuild
	$(call say,KBUILD,$(KMOD_BUILD)/unet.ko)
	$(Q)$(MAKE) --no-print-directory -C $(KDIR) M=$(CURDIR)/$(KMOD_BUILD) $(KFLAGS) modules
ifneq ($(wildcard tests/kselftest/core_test/Kbuild),)
	$(Q)$(call mirror,$(CORE_TEST_BUILD),kmod/core include tests/vectors tests/kselftest/core_test)
	$(Q)ln -sfn $(CURDIR)/kmod/core_os.h $(CORE_TEST_BUILD)/kmod/core_os.h
	$(call say,KBUILD,$(CORE_TEST_BUILD)/core_test.ko)
	$(Q)$(MAKE) --no-print-directory -C $(KDIR) \
		M=$(CURDIR)/$(CORE_TEST_BUILD)/tests/kselftest/core_test $(KFLAGS) modules
endif
ifneq ($(wildcard tests/kselftest/ext_test/Kbuild),)
	$(Q)$(call mirror,$(EXT_TEST_BUILD),kmod include tests/kselftest/ext_test)
	$(call say,KBUILD,$(EXT_TEST_BUILD)/ext_test.ko)
	$(Q)$(MAKE) --no-print-directory -C $(KDIR) \
		M=$(CURDIR)/$(EXT_TEST_BUILD)/tests/kselftest/ext_test \
		KBUILD_EXTRA_SYMBOLS=$(CURDIR)/$(KMOD_BUILD)/Module.symvers $(KFLAGS) modules
endif

need-headers:
	@test -e $(KDIR)/Makefile || { \
		echo "make: KVER=$(KVER): no kernel headers in $(KDIR); installed:" \
			$$(cd /lib/modules 2>/dev/null && ls -d */build | cut -d/ -f1) >&2; \
		exit 1; }

# C=2 looks at all sources, also at those whose objects are up to date.
.PHONY: sparse
sparse:
	$(Q)$(MAKE) --no-print-directory modules \
		KFLAGS='$(KFLAGS) C=2 CF="-D__CHECK_ENDIAN__ -Wsparse-error"'

# ---- the library -----------------------------------------------------------

SO := build/rel/lib/libunet.so.$(SOVERSION)
LIB_MAP := $(wildcard libunet/libunet.map)

.PHONY: lib
lib: $(if $(LIB_SRC),$(SO) build/rel/libunet.a)

$(SO): $(LIB_SRC:%.c=build/rel/obj/%.o) $(LIB_MAP)
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -shared -Wl,-soname,$(@F) -Wl,--no-undefined $(LDFLAGS) \
		$(LIB_MAP:%=-Wl,--version-script=%) $(filter %.o,$^) $(LIB_LIBS) -o $@
	$(Q)libunet/check-exports.sh $@ $(LIB_MAP) $(filter %.o,$^)
	$(Q)ln -sfn $(@F) $(@D)/libunet.so

# ---- tools: one folder, one program ----------------------------------------

# tools/unetctl -> unetctl, tools/httpd -> unet-httpd
tool_name = $(if $(filter unet%,$(1)),$(1),unet-$(1))
TOOLS := $(foreach d,$(TOOL_DIRS),build/rel/tools/$(call tool_name,$(d)))
LIBS_unetctl := -lmnl -ljansson
LIBS_cat := -lcrypto
# What a tool borrows from another folder.
ALSO_ext := tools/hooks/names_parse.c

define tool_rules
build/rel/tools/$(call tool_name,$(1)): \
		$(patsubst %.c,build/rel/obj/%.o,$(wildcard tools/$(1)/*.c) $(ALSO_$(1))) $(SO)
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -Wl,-rpath,'$$$$ORIGIN/../lib' $$(filter %.o,$$^) \
		-Lbuild/rel/lib $$(if $$(LIB_SRC),-lunet) $$(LIBS_$(1)) -o $$@
endef
$(foreach d,$(TOOL_DIRS),$(eval $(call tool_rules,$(d))))

# Beside the library, where it looks for them.
HOOK_OBJECTS := $(HOOKS:%=build/rel/lib/unet/hooks/%.so)

define hook_rules
build/rel/lib/unet/hooks/$(1).so: \
		$(patsubst %.c,build/rel/obj/%.o,$(wildcard tools/hooks/$(1).c tools/hooks/$(1)_*.c))
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) -shared $$(LDFLAGS) $$(filter %.o,$$^) -o $$@
endef
$(foreach h,$(HOOKS),$(eval $(call hook_rules,$(h))))

.PHONY: tools
tools: lib $(TOOLS) $(HOOK_OBJECTS)

# ---- installation ----------------------------------------------------------

PROGRAMS := $(notdir $(TOOLS))
MAN_PAGES := $(sort $(wildcard kmod/man/*.[1-9] libunet/man/*.[1-9] tools/*/*.[1-9]))
DKMS_SRC := /usr/src/unet-$(VERSION)
# $(1) mode, $(2) files, $(3) folder
put = $(if $(2),$(INSTALL) -D -m $(1) -t $(DESTDIR)$(3) $(2),true)
man_dir = $(MANDIR)/man$(patsubst .%,%,$(suffix $(1)))
# as it stands in libunet.pc
below_prefix = $(patsubst $(PREFIX)/%,$${prefix}/%,$(1))
# Only what is in the running kernel's own folder can be loaded at once.
load_hint = $(if $(DESTDIR),,$(if $(filter $(shell uname -r),$(KVER)),; load it: modprobe unet))

.PHONY: install uninstall install-dkms
install: $(if $(wildcard $(KMOD_BUILD)/unet.ko),,$(if $(HEADERS),modules)) lib tools
	$(Q)if [ -e $(KMOD_BUILD)/unet.ko ]; then \
		$(call put,644,$(KMOD_BUILD)/unet.ko,$(MODDIR)) && \
		$(STRIP) --strip-debug $(DESTDIR)$(MODDIR)/unet.ko && \
		{ [ -n "$(DESTDIR)" ] || depmod $(KVER); }; \
	fi
	$(Q)$(call put,644,$(SO) build/rel/libunet.a,$(LIBDIR))
	$(Q)ln -sfn $(notdir $(SO)) $(DESTDIR)$(LIBDIR)/libunet.so
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(call below_prefix,$(LIBDIR))|' \
		-e 's|@INCLUDEDIR@|$(call below_prefix,$(INCLUDEDIR))|' \
		-e 's|@VERSION@|$(VERSION)|' libunet/libunet.pc.in > build/libunet.pc
	$(Q)$(call put,644,$(HOOK_OBJECTS),$(LIBDIR)/unet/hooks)
	$(Q)$(call put,644,build/libunet.pc,$(LIBDIR)/pkgconfig)
	$(Q)$(call put,644,$(wildcard include/unet/*.h),$(INCLUDEDIR)/unet)
	$(Q)$(call put,644,include/uapi/linux/unet.h,$(INCLUDEDIR)/linux)
	$(Q)$(call put,755,$(PROGRAMS:%=build/rel/tools/%),$(BINDIR))
	$(Q)$(call put,644,tools/unetctl/completion/unetctl.bash,$(COMPLETIONDIR)) && \
		mv $(DESTDIR)$(COMPLETIONDIR)/unetctl.bash $(DESTDIR)$(COMPLETIONDIR)/unetctl
	$(Q)$(foreach n,1 3 4 7 8,\
		$(call put,644,$(filter %.$(n),$(MAN_PAGES)),$(MANDIR)/man$(n)) &&) true
	$(Q)[ -n "$(DESTDIR)" ] || ldconfig
	@echo "installed below $(DESTDIR)$(PREFIX)"
	@if [ -e $(KMOD_BUILD)/unet.ko ]; then \
		echo "module in $(DESTDIR)$(MODDIR)$(load_hint)"; \
	else \
		$(call no_module,install ); \
	fi

uninstall:
	$(Q)rm -f $(DESTDIR)$(MODDIR)/unet.ko $(DESTDIR)$(LIBDIR)/libunet.so \
		$(DESTDIR)$(LIBDIR)/$(notdir $(SO)) $(DESTDIR)$(LIBDIR)/libunet.a \
		$(DESTDIR)$(LIBDIR)/pkgconfig/libunet.pc $(DESTDIR)$(INCLUDEDIR)/linux/unet.h \
		$(DESTDIR)$(COMPLETIONDIR)/unetctl \
		$(PROGRAMS:%=$(DESTDIR)$(BINDIR)/%) \
		$(foreach m,$(MAN_PAGES),$(DESTDIR)$(call man_dir,$(m))/$(notdir $(m)))
	$(Q)rm -rf $(DESTDIR)$(INCLUDEDIR)/unet $(DESTDIR)$(LIBDIR)/unet
	$(Q)[ -n "$(DESTDIR)" ] || { depmod $(KVER) 2>/dev/null; ldconfig; }
	@echo "removed from below $(DESTDIR)$(PREFIX) and $(DESTDIR)$(MODDIR)"

# Afterwards: dkms install unet/VERSION
install-dkms:
	$(Q)$(INSTALL) -d $(DESTDIR)$(DKMS_SRC)
	$(Q)cp --parents Kbuild $$(find kmod include/uapi -name '*.[ch]') $(DESTDIR)$(DKMS_SRC)
	$(Q)sed 's/@VERSION@/$(VERSION)/' kmod/dkms.conf > $(DESTDIR)$(DKMS_SRC)/dkms.conf
	@echo "source in $(DESTDIR)$(DKMS_SRC); now: dkms install unet/$(VERSION)"

# ---- tests -----------------------------------------------------------------

include tests/rules.mk
-include $(wildcard tests/*/rules.mk)

# SPDX-License-Identifier: MIT
#
# Tests that need no kernel: unit (cmocka, under ASan and UBSan), sim (two
# stacks on an in-memory wire), fuzz (libFuzzer, a short smoke of each door).
# Each program's output goes to build/log/<layer>/; runtest.sh counts it.

FUZZ_SECONDS ?= 5
TEST_SECONDS ?= 120
RUN := tests/runtest.sh -t $(TEST_SECONDS)

# $(1) flavour, $(2) layer, $(3) objects every program of the layer gets, $(4) libraries
define test_program_rule
build/$(1)/tests/$(2)/%: build/$(1)/obj/tests/$(2)/%.o $(3:%.c=build/$(1)/obj/%.o) build/$(1)/libunet.a
	$$(call say,LD[$(1)],$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC_$(1)) $$(LDFLAGS_$(1)) $$(filter %.o,$$^) build/$(1)/libunet.a \
		$(4) $$(call lib_libs,$(1)) $$(call asked_libs,tests/$(2)/$$*.c) -o $$@
endef
$(eval $(call test_program_rule,asan,unit,$(UNIT_AID),-lcmocka))
$(eval $(call test_program_rule,rel,sim,$(SIM_AID),))
$(eval $(call test_program_rule,asan,sim,$(SIM_AID),))
$(eval $(call test_program_rule,m32,sim,$(SIM_AID),))
$(eval $(call test_program_rule,tsan,sim,$(SIM_AID),))
$(eval $(call test_program_rule,fuzz,fuzz,,))

# Loads the hooks that are shipped, and some that no library should take.
BAD_HOOKS := $(foreach w,ABI SIZE EMPTY NONE REFUSES PAIR,build/asan/tests/hooks/$(w).so)
build/asan/tests/hooks/%.so: tests/unit/objects/bad.c include/unet/hook_sdk.h
	$(call say,LD[asan],$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UFLAGS) -shared -fPIC -DBAD_$* $< -o $@
build/asan/tests/unit/test_hook_load build/asan/tests/unit/test_channel: \
		$(BAD_HOOKS) $(HOOK_OBJECTS)

# A program that is made set-uid; on a device that is none.
build/rel/tests/hooks/suid: tests/unit/objects/suid.c build/rel/libunet.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UFLAGS) $(CFLAGS_rel) $(INC_tests) $^ \
		-Wl,--wrap=unet_backend_unet_open $(LIB_LIBS) -rdynamic -o $@
build/asan/tests/unit/test_hook_suid: build/rel/tests/hooks/suid $(HOOK_OBJECTS)

# Runs a tool that is shipped.
build/asan/tests/unit/test_ext_words: build/rel/tools/unet-ext

UNIT_BIN := $(UNIT_SRC:%.c=build/asan/%)
SIM_BIN := $(SIM_SRC:%.c=build/rel/%) $(SIM_SRC:%.c=build/asan/%) \
	build/m32/tests/sim/sim_tcp_cases build/tsan/tests/sim/sim_hook
FUZZ_BIN := $(FUZZ_SRC:%.c=build/fuzz/%)
.SECONDARY:

.PHONY: unit-build sim-build fuzz-build unit sim fuzz clang-build
unit-build: $(UNIT_BIN)
sim-build: $(SIM_BIN)
fuzz-build: $(FUZZ_BIN)

# One program, some or all: make unit T='test_ring*'
T ?= %
pick = $(foreach b,$(1),$(if $(filter $(subst *,%,$(T)),$(notdir $(b))),$(b)))

unit: $(call pick,$(UNIT_BIN))
	$(Q)$(RUN) -l build/log/unit --begin
	$(Q)for t in $^; do \
		CMOCKA_MESSAGE_OUTPUT=TAP $(RUN) -l build/log/unit -n $${t##*/} $$t; \
	done
	$(Q)$(RUN) -l build/log/unit --end unit

sim: $(call pick,$(SIM_BIN))
	$(Q)$(RUN) -l build/log/sim --begin
	$(Q)for t in $^; do \
		case $$t in build/m32/*) run=tests/run32.sh ;; *) run= ;; esac; \
		$(RUN) -l build/log/sim -n $$(echo $$t | cut -d/ -f2)-$${t##*/} $$run $$t; \
	done
	$(Q)$(RUN) -l build/log/sim --end sim

fuzz: $(call pick,$(FUZZ_BIN))
	$(Q)$(RUN) -l build/log/fuzz --begin
	$(Q)for t in $^; do \
		name=$${t##*/fuzz_}; \
		mkdir -p build/fuzz/corpus/$$name; \
		$(RUN) -t $$(($(FUZZ_SECONDS) + 120)) -l build/log/fuzz -n fuzz_$$name $$t \
			-max_total_time=$(FUZZ_SECONDS) -timeout=20 -print_final_stats=1 \
			-artifact_prefix=build/log/fuzz/ build/fuzz/corpus/$$name \
			$$(test -d tests/fuzz/corpus/$$name && echo tests/fuzz/corpus/$$name); \
	done
	$(Q)$(RUN) -l build/log/fuzz --end fuzz

# Every user-space source through the second compiler.
clang-build: $(patsubst %.c,build/clang/obj/%.o,$(LIB_SRC) $(wildcard tools/*/*.c) \
	$(UNIT_SRC) $(UNIT_AID) $(SIM_SRC) $(SIM_AID))

# ---- kernel tests, in a VM ---------------------------------------------------

# The kernel's own test framework comes from Debian's linux-source; our tests
# lie beside it by links, as they would in a kernel tree.
CACHE = $(shell tests/setup.sh --cache)
SELFTESTS := build/selftests

.PHONY: kselftest kselftest-build
# The harness gives a test 30 s; UNET_PATIENT in its environment makes that 20 times
# as long, for emulated machines and kernels full of checkers.
kselftest-build: build/rel/libunet.a build/m32/libunet.a
	$(Q)test -d $(CACHE)/linux-source || { \
		echo "make: no kselftest framework: run tests/setup.sh check" >&2; exit 1; }
	$(Q)mkdir -p $(SELFTESTS)/unet && find $(SELFTESTS)/unet -xtype l -delete
	$(Q)ln -sfn $(filter-out %/kselftest_harness.h,$(wildcard \
		$(CACHE)/linux-source/tools/testing/selftests/*)) $(SELFTESTS)/
	$(Q)sed 's/alarm(t->timeout)/alarm(t->timeout * (getenv("UNET_PATIENT") ? 20 : 1))/' \
		$(CACHE)/linux-source/tools/testing/selftests/kselftest_harness.h \
		> $(SELFTESTS)/harness.new
	$(Q)cd $(SELFTESTS) && if cmp -s harness.new kselftest_harness.h; \
		then rm harness.new; else mv harness.new kselftest_harness.h; fi
	$(Q)ln -sf $(wildcard $(addprefix $(CURDIR)/tests/kselftest/,*.c *.h *.sh Makefile config settings)) \
		$(SELFTESTS)/unet/
	$(Q)$(MAKE) --no-print-directory -C $(SELFTESTS)/unet OUTPUT=$(CURDIR)/$(SELFTESTS)/unet \
		UNET_CFLAGS="-Werror -isystem $(CURDIR)/include/uapi -I$(CURDIR)/include" \
		UNET_HDRS="$(addprefix $(CURDIR)/,$(wildcard include/*/*.h include/*/*/*.h))" \
		UNET_LIB="$(CURDIR)/build/rel/libunet.a $(LIB_LIBS)" \
		UNET_LIB_32=$(CURDIR)/build/m32/libunet.a CC=$(CC)

# One test or some: make kselftest KVER=... T='flow* ports'
kselftest: modules lib tools kselftest-build
	$(Q)tests/vm/kselftest.sh $(KVER) build/log/kselftest-$(KVER) '$(subst %,*,$(T))'

# ---- all of it ---------------------------------------------------------------

.PHONY: style check check-long
style:
	$(Q)tests/style.sh

check:
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL tests/check.sh

check-long:
	@env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL UNET_EFFORT=100 FUZZ_SECONDS=60 \
		tests/check.sh build fuzz kselftest

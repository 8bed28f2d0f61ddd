// SPDX-License-Identifier: MIT
/*
 * Whose hooks a privileged program loads: one that is set-uid, set-gid or has file
 * capabilities none that the environment names, and it, and one of root's, none that
 * somebody else could have written. The programs are real and their bits are too, so
 * this wants root and a /tmp where such bits count.
 */
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "helpers.h"

#define HELPER	"build/rel/tests/hooks/suid"
#define RATE	"build/rel/lib/unet/hooks/rate.so"
#define NOBODY	65534u

static char dir[64];
static char said[1000];

static const char *below(const char *name)
{
	static char path[4][128];
	static u32 n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

static void copy(const char *from, const char *to, mode_t mode)
{
	char cmd[400];

	snprintf(cmd, sizeof(cmd), "cp %s %s", from, to);
	assert_int_equal(system(cmd), 0);
	assert_int_equal(chown(to, 0, 0), 0);
	assert_int_equal(chmod(to, mode), 0);
}

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		_exit(1);
}

/* What a copy of the helper says. @env: UNET_HOOKS; @load: its argument, or NULL. */
static const char *says(const char *program, bool as_nobody, const char *env,
			const char *load)
{
	int status;
	int fd[2];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (!pid) {
		dup2(fd[1], 1);
		if (as_nobody)
			become_nobody();
		if (env)
			setenv("UNET_HOOKS", env, 1);
		execl(below(program), program, load, NULL);
		_exit(1);
	}
	close(fd[1]);
	n = read(fd[0], said, sizeof(said) - 1);
	close(fd[0]);
	said[n < 0 ? 0 : n] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return said;
}

static void has(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("\"%s\" lacks \"%s\"", text, wanted);
}

static const char *rate(void)
{
	static char words[200];

	snprintf(words, sizeof(words), "%s=pps=5", below("rate.so"));
	return words;
}

static int set_up(void **state)
{
	strcpy(dir, "/tmp/unet-suid-XXXXXX");
	if (!mkdtemp(dir) || chmod(dir, 0755))
		return -1;
	copy(HELPER, below("plain"), 0755);
	copy(HELPER, below("suid"), 04755);
	copy(RATE, below("rate.so"), 0644);
	unsetenv("UNET_HOOKS");
	return 0;
}

static int tear_down(void **state)
{
	char cmd[100];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static void a_set_uid_program_does_not_read_the_environment(void **state)
{
	has(says("plain", true, rate(), NULL), "1 hooks, error 0");
	has(says("suid", true, rate(), NULL), "0 hooks, error 0");
	/* nor cares whether it makes sense */
	has(says("suid", true, "/no/such.so", NULL), "0 hooks, error 0");
	has(says("plain", true, "/no/such.so", NULL), "error -2");
	/* whom root starts is no more than who started it */
	has(says("suid", false, rate(), NULL), "1 hooks, error 0");
}

static void what_it_loads_itself_must_be_roots(void **state)
{
	has(says("suid", true, NULL, rate()), "1 hooks, error 0");
	assert_int_equal(chown(below("rate.so"), NOBODY, NOBODY), 0);
	has(says("suid", true, NULL, rate()), "0 hooks, error -1");
	has(said, "belongs to user 65534");
	has(said, "rate.so");
	has(says("plain", false, rate(), NULL), "error -1");
	/* nobody's own program may */
	has(says("plain", true, rate(), NULL), "1 hooks, error 0");
}

/* As setcap cap_net_bind_service=ep would. */
static void give_capability(const char *path)
{
	const struct vfs_cap_data cap = {
		.magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE),
		.data[0].permitted = htole32(1u << CAP_NET_BIND_SERVICE),
	};

	assert_int_equal(setxattr(path, "security.capability", &cap, sizeof(cap), 0), 0);
}

/* These run as who started them: his objects are no better for it. */
static void who_started_it_is_not_trusted(const char *program)
{
	assert_int_equal(chown(below("rate.so"), 0, 0), 0);
	has(says(program, true, rate(), NULL), "0 hooks, error 0");
	has(says(program, true, NULL, rate()), "1 hooks, error 0");
	assert_int_equal(chown(below("rate.so"), NOBODY, NOBODY), 0);
	has(says(program, true, NULL, rate()), "0 hooks, error -1");
	has(said, "belongs to user 65534");
	has(said, "must be root's\n");
}

static void nor_are_the_users_of_a_set_gid_program(void **state)
{
	copy(HELPER, below("sgid"), 02755);
	who_started_it_is_not_trusted("sgid");
}

static void nor_are_those_of_one_with_a_file_capability(void **state)
{
	copy(HELPER, below("able"), 0755);
	give_capability(below("able"));
	who_started_it_is_not_trusted("able");
}

/* A set-uid program of another user's trusts that one, but not who started it. */
static void a_set_uid_program_trusts_its_owner(void **state)
{
	assert_int_equal(chown(below("suid"), 1, 1), 0);
	assert_int_equal(chmod(below("suid"), 04755), 0);
	has(says("suid", true, NULL, rate()), "1 hooks, error 0");
	assert_int_equal(chown(below("rate.so"), 1, 1), 0);
	has(says("suid", true, NULL, rate()), "1 hooks, error 0");
	assert_int_equal(chown(below("rate.so"), NOBODY, NOBODY), 0);
	has(says("suid", true, NULL, rate()), "must be root's or user 1's");
	/* also when it has become who started it for a while */
	copy(HELPER, below("dropping"), 04755);
	has(says("dropping", true, NULL, rate()), "0 hooks, error -1");
	has(said, "must be root's\n");
}

static void nor_may_others_write_to_it(void **state)
{
	static const mode_t bad[] = { 0666, 0664, 0646 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(chmod(below("rate.so"), bad[i]), 0);
		has(says("suid", true, NULL, rate()), "0 hooks, error -1");
		has(said, "others may write to it");
		has(says("plain", false, rate(), NULL), "error -1");
		has(says("plain", true, rate(), NULL), "1 hooks, error 0");
	}
	assert_int_equal(chmod(below("rate.so"), 0644), 0);
	has(says("plain", false, rate(), NULL), "1 hooks, error 0");
}

/* Who may write to the folder may exchange it. */
static void nor_to_a_folder_above_it(void **state)
{
	assert_int_equal(chmod(dir, 0777), 0);
	has(says("suid", true, NULL, rate()), "0 hooks, error -1");
	has(said, "mode 0777");
	has(says("plain", false, rate(), NULL), "error -1");
	/* but not where others' files are safe, as in /tmp itself */
	assert_int_equal(chmod(dir, 01777), 0);
	has(says("suid", true, NULL, rate()), "1 hooks, error 0");
	assert_int_equal(chown(dir, NOBODY, NOBODY), 0);
	has(says("suid", true, NULL, rate()), "0 hooks, error -1");
}

/* A link is where it leads to. */
static void links_are_followed_before_looking(void **state)
{
	char words[200];

	assert_int_equal(mkdir(below("his"), 0755), 0);
	copy(RATE, below("his/evil.so"), 0644);
	assert_int_equal(chown(below("his"), NOBODY, NOBODY), 0);
	assert_int_equal(symlink("his/evil.so", below("link.so")), 0);
	snprintf(words, sizeof(words), "%s=pps=5", below("link.so"));
	has(says("suid", true, NULL, words), "0 hooks, error -1");
	has(said, "/his: belongs to user 65534");
	assert_int_equal(symlink("../rate.so", below("his/good.so")), 0);
	snprintf(words, sizeof(words), "%s=pps=5", below("his/good.so"));
	has(says("suid", true, NULL, words), "1 hooks, error 0");
}

static const char *missing(void)
{
	struct statvfs s;

	if (geteuid())
		return "not root: cannot make a set-uid program of root's";
	if (statvfs("/tmp", &s) || s.f_flag & (ST_NOSUID | ST_NOEXEC))
		return "/tmp is mounted nosuid or noexec";
	return NULL;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_set_uid_program_does_not_read_the_environment),
		TEST(what_it_loads_itself_must_be_roots),
		TEST(nor_are_the_users_of_a_set_gid_program),
		TEST(nor_are_those_of_one_with_a_file_capability),
		TEST(a_set_uid_program_trusts_its_owner),
		TEST(nor_may_others_write_to_it),
		TEST(nor_to_a_folder_above_it),
		TEST(links_are_followed_before_looking),
	};

	if (missing()) {
		printf("1..0 # SKIP %s\n", missing());
		return 4;
	}
	return cmocka_run_group_tests_name("hook suid", tests, NULL, NULL);
}

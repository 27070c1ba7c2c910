// SPDX-License-Identifier: GPL-2.0-or-later
#include "runner/lab/needed.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/alloc.h"
#include "lib/error.h"

struct elf {
	const unsigned char *bytes;
	size_t size;
	const Elf64_Ehdr *head;
};

static bool inside(const struct elf *e, uint64_t at, uint64_t bytes)
{
	return at <= e->size && bytes <= e->size - at;
}

/* 0, or -1 with errno; ENOEXEC: no ELF file of the kind we can read. */
static int elf_open(const char *path, struct elf *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || st.st_size < (off_t)sizeof(Elf64_Ehdr)) {
		close(fd);
		errno = ENOEXEC;
		return -1;
	}
	map = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -1;
	*e = (struct elf){ map, st.st_size, map };
	if (!memcmp(e->head->e_ident, ELFMAG, SELFMAG) &&
	    e->head->e_ident[EI_CLASS] == ELFCLASS64 && e->head->e_ident[EI_DATA] == ELFDATA2LSB &&
	    e->head->e_phentsize == sizeof(Elf64_Phdr) &&
	    inside(e, e->head->e_phoff, (uint64_t)e->head->e_phnum * sizeof(Elf64_Phdr)))
		return 0;
	munmap(map, st.st_size);
	errno = ENOEXEC;
	return -1;
}

static void elf_close(struct elf *e)
{
	munmap((void *)e->bytes, e->size);
}

static const Elf64_Phdr *segment(const struct elf *e, uint32_t type)
{
	const Elf64_Phdr *p = (const void *)(e->bytes + e->head->e_phoff);

	for (int i = 0; i < e->head->e_phnum; i++, p++) {
		if (p->p_type == type && inside(e, p->p_offset, p->p_filesz))
			return p;
	}
	return NULL;
}

/* The bytes at an address of the loaded program, up to the end of the file; NULL if none. */
static const char *loaded(const struct elf *e, uint64_t address, size_t *room)
{
	const Elf64_Phdr *p = (const void *)(e->bytes + e->head->e_phoff);

	for (int i = 0; i < e->head->e_phnum; i++, p++) {
		uint64_t at = address - p->p_vaddr;

		if (p->p_type != PT_LOAD || address < p->p_vaddr || at >= p->p_filesz ||
		    !inside(e, p->p_offset, p->p_filesz))
			continue;
		*room = p->p_filesz - at;
		return (const char *)e->bytes + p->p_offset + at;
	}
	return NULL;
}

static const char *loaded_string(const struct elf *e, uint64_t address)
{
	size_t room;
	const char *s = loaded(e, address, &room);

	return s && memchr(s, '\0', room) ? s : NULL;
}

static bool holds(const struct needed *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++) {
		if (!strcmp(strrchr(n->files[i].guest, '/') + 1, name))
			return true;
	}
	return false;
}

static void add(struct needed *n, char *host, char *guest)
{
	array_grow(n->files, n->count);
	n->files[n->count++] = (struct needed_file){ host, guest };
}

static bool same_machine(const char *path, int machine)
{
	struct elf e;
	bool same;

	if (elf_open(path, &e))
		return false;
	same = e.head->e_machine == machine;
	elf_close(&e);
	return same;
}

/* The usual places of libraries, native and cross. `cross` ones are no place inside a guest. */
static const struct {
	int machine;
	const char *folder;
	bool cross;
} folders[] = {
	{ EM_X86_64, "/lib/x86_64-linux-gnu", false },
	{ EM_X86_64, "/usr/lib/x86_64-linux-gnu", false },
	{ EM_X86_64, "/usr/x86_64-linux-gnu/lib", true },
	{ EM_AARCH64, "/lib/aarch64-linux-gnu", false },
	{ EM_AARCH64, "/usr/lib/aarch64-linux-gnu", false },
	{ EM_AARCH64, "/usr/aarch64-linux-gnu/lib", true },
	{ EM_NONE, "/lib64", false },
	{ EM_NONE, "/usr/lib64", false },
	{ EM_NONE, "/lib", false },
	{ EM_NONE, "/usr/lib", false },
	{ EM_NONE, "/usr/local/lib", true },
};

static int find_library(struct needed *n, const char *name, int machine, const char *wanted_by)
{
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char *path;

		if (folders[i].machine != EM_NONE && folders[i].machine != machine)
			continue;
		path = xasprintf("%s/%s", folders[i].folder, name);
		if (same_machine(path, machine)) {
			add(n, path, folders[i].cross ? xasprintf("/lib/%s", name) : xstrdup(path));
			return 0;
		}
		free(path);
	}
	error("%s needs the library %s for %s, which is not installed here", wanted_by, name,
	      machine == EM_AARCH64 ? "arm64" : "x86_64");
	return -1;
}

static int add_loader(struct needed *n, const struct elf *e, const char *program)
{
	const Elf64_Phdr *p = segment(e, PT_INTERP);
	const char *name;
	char *path;

	if (!p)
		return 0; /* static */
	name = (const char *)e->bytes + p->p_offset;
	if (!p->p_filesz || name[p->p_filesz - 1] || *name != '/') {
		error("%s: its loader has no proper name", program);
		return -1;
	}
	path = xstrdup(name);
	if (!same_machine(path, e->head->e_machine)) {
		free(path);
		path = xasprintf("/usr/%s-linux-gnu%s",
				 e->head->e_machine == EM_AARCH64 ? "aarch64" : "x86_64", name);
	}
	if (!same_machine(path, e->head->e_machine)) {
		error("%s needs the loader %s, which is not installed here", program, name);
		free(path);
		return -1;
	}
	add(n, path, xstrdup(name));
	return 0;
}

/* Adds the direct needs of one file. */
static int add_needs(struct needed *n, const char *path)
{
	const Elf64_Phdr *p;
	const Elf64_Dyn *d;
	uint64_t strings = 0;
	struct elf e;
	int rc = 0;

	if (elf_open(path, &e)) {
		error("%s: %s", path,
		      errno == ENOEXEC ? "no program of a 64-bit little-endian machine"
				       : strerror(errno));
		return -1;
	}
	if (!n->count)
		rc = add_loader(n, &e, path);
	p = segment(&e, PT_DYNAMIC);
	d = p ? (const void *)(e.bytes + p->p_offset) : NULL;
	for (size_t i = 0; p && i < p->p_filesz / sizeof(*d); i++) {
		if (d[i].d_tag == DT_STRTAB)
			strings = d[i].d_un.d_ptr;
	}
	for (size_t i = 0; !rc && p && i < p->p_filesz / sizeof(*d) && d[i].d_tag != DT_NULL; i++) {
		const char *name;

		if (d[i].d_tag != DT_NEEDED)
			continue;
		name = loaded_string(&e, strings + d[i].d_un.d_val);
		if (name && !holds(n, name))
			rc = find_library(n, name, e.head->e_machine, path);
	}
	elf_close(&e);
	return rc;
}

int needed_by(const char *program, struct needed *n)
{
	*n = (struct needed){ 0 };
	if (add_needs(n, program))
		return -1;
	/* The list grows while we walk it: libraries have needs of their own. */
	for (size_t i = 0; i < n->count; i++) {
		if (add_needs(n, n->files[i].host))
			return -1;
	}
	return 0;
}

void needed_free(struct needed *n)
{
	for (size_t i = 0; i < n->count; i++) {
		free(n->files[i].host);
		free(n->files[i].guest);
	}
	free(n->files);
	*n = (struct needed){ 0 };
}

// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Flushing one's own TLB. The kernel clears accessed bits without a flush (on x86
 * ptep_clear_flush_young() says so), so a page whose translation is cached can be read without a
 * trace.
 */
#include <sys/mman.h>

#include "workloads/machine.h"

/* More pages than the kernel flushes one by one (tlb_single_page_flush_ceiling is 33 on x86). */
enum { FLUSHED_PAGES = 1024 };

struct region tlb_region(struct bench *b)
{
	struct region r = region_map(b, 1, FLUSHED_PAGES * b->page_size);

	pages_small(r.base, r.bytes);
	pages_touch(b, r.base, r.bytes);
	return r;
}

void tlb_flush(struct bench *b, const struct region *r)
{
	if (mprotect(r->base, r->bytes, PROT_READ) ||
	    mprotect(r->base, r->bytes, PROT_READ | PROT_WRITE))
		bench_fail(b, "mprotect: %m");
	pages_touch(b, r->base, r->bytes);
}

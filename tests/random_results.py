"""Random results of every kind, for comparing the outputs of lists."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from django.utils import timezone

from batches.models import Batch, BatchRow, Job
from scans.corrections.domain_facts import refresh_lists
from scans.curation import Curation, DomainTag, Tag
from scans.engine.errors import FailureReason
from scans.filters import PAGE_TYPES
from scans.models import (
    CONTACT_KINDS,
    VERDICTS,
    Contact,
    Domain,
    DomainList,
    Page,
    Scan,
    Sitemap,
    Technology,
    TechnologyCount,
)
from scans.storage import url_hash
from scrapersky.tenants.models import Tenant

DOMAINS = 52
LABELS = ("shop", "berg", "info", "harbour", "xn--bcher-kva", "a-b", "w", "100")
ENDINGS = ("example", "com", "co.uk", "de")
WORDS = ("Harbour", "bücher", "Straße", "wine", "O'Hara", "100 %", "berg_hotel", "")
NAMES = (("WordPress", "cms"), ("Shopify", "ecommerce"), ("nginx", "web server"))
LABELS_OF = {
    "email": ("corporate", "service", "free", "unknown"),
    "social": ("facebook", "linkedin", "x"),
}


@dataclass(frozen=True, slots=True)
class Results:
    """Write random results of a tenant."""

    tenant: Tenant
    random: Random

    def write(self) -> None:
        domains = Domain.objects.bulk_create(self._domain(n) for n in range(DOMAINS))
        self._write_tags(domains)
        self._write_scans(domains)
        DomainList.objects.bulk_create(self._list(n) for n in range(DOMAINS))
        for model, row in (
            (Contact, self._contact),
            (Technology, self._technology),
            (Page, self._page),
            (Sitemap, self._sitemap),
        ):
            rows: Any = (row(domain, n) for domain in domains for n in range(self._few()))
            model.objects.bulk_create(rows)
        refresh_lists([domain.pk for domain in domains])
        counts = [self._count(name, category) for name, category in NAMES]
        TechnologyCount.objects.bulk_create(counts)

    def _of(self, values: Any) -> Any:
        return self.random.choice(tuple(values))

    def _few(self) -> int:
        return self.random.randrange(4)

    def _is(self) -> bool:
        return self.random.random() < 0.4

    def _ago(self) -> Any:
        """Return one of a few times, so that many rows share it."""
        return timezone.now().replace(microsecond=0) - timedelta(days=self._few() * 3)

    def _text(self) -> str:
        return f"{self._of(WORDS)} {self._of(WORDS)}".strip()

    def _domain(self, number: int) -> Domain:
        is_failed = self._is()
        return Domain(
            tenant=self.tenant,
            host=f"{self._of(LABELS)}.{self._of(LABELS)}{number}.{self._of(ENDINGS)}",
            title=self._text(),
            description=self._text(),
            language=self._of(("de", "de-AT", "en", "")),
            status=Domain.Status.FAILED if is_failed else self._of(("scanned", "unscanned")),
            failure_reason=self._of(FailureReason).value if is_failed else "",
            verdict="" if is_failed else self._of(value for value, _ in VERDICTS),
            curation=self._of(Curation.values),
            page_count=self._few(),
            sitemap_analysis_status=self._of(Domain.SitemapAnalysis.values),
            last_scanned_at=self._ago() if self._is() else None,
            created_at=self._ago(),
        )

    def _list(self, number: int) -> DomainList:
        name = f"{self._text()} {number}".strip()
        counts = {"domain_count": self._few(), "updated_at": self._ago()}
        return DomainList(tenant=self.tenant, name=name, **counts)

    def _write_tags(self, domains: list[Domain]) -> None:
        names = ("vip", "Später", "50 %")
        tags = Tag.objects.bulk_create(Tag(tenant=self.tenant, name=name) for name in names)
        pairs = [(tag, domain) for tag in tags for domain in domains if self._is()]
        DomainTag.objects.bulk_create(DomainTag(tag=tag, domain=domain) for tag, domain in pairs)

    def _write_scans(self, domains: list[Domain]) -> None:
        batches = Batch.objects.bulk_create(self._batch(n) for n in range(DOMAINS))
        scans = Scan.objects.bulk_create(self._scan(domain) for domain in domains)
        jobs = [self._job(scan, batch) for scan in scans for batch in (None, *batches[:2])]
        Job.objects.bulk_create(job for job in jobs if self._is())
        lines = enumerate((domain, batch) for domain in domains for batch in batches[:2])
        BatchRow.objects.bulk_create(self._line(n, *pair) for n, pair in lines if self._is())

    def _batch(self, number: int) -> Batch:
        return Batch(
            tenant=self.tenant,
            name=f"{self._text()} {number}".strip(),
            status=self._of(("pending", "running", "cancelled")),
            processor_type=self._of(Batch.ProcessorType.values),
            total=1 + self._few(),
            created_at=self._ago(),
        )

    def _line(self, number: int, domain: Domain, batch: Batch) -> BatchRow:
        is_rejected = self._is()
        return BatchRow(
            batch=batch,
            position=number,
            line=number + 2,
            values=[self._text(), domain.host],
            domain=None if is_rejected else domain,
            reason="No." if is_rejected and self._is() else "",
        )

    def _scan(self, domain: Domain) -> Scan:
        at = self._ago()
        verdict = self._of(value for value, _ in VERDICTS)
        dates = {"started_at": at - timedelta(seconds=self._few()), "finished_at": at}
        return Scan(tenant=self.tenant, domain=domain, verdict=verdict, report={}, **dates)

    def _job(self, scan: Scan, batch: Batch | None) -> Job:
        status = self._of(("complete", "failed", "cancelled"))
        return Job(
            tenant=self.tenant,
            domain=scan.domain,
            scan=scan if status == "complete" else None,
            batch=batch,
            position=self._few(),
            status=status,
            failure_reason=self._of(FailureReason).value if status == "failed" else "",
            finished_at=self._ago(),
        )

    def _seen(self, domain: Domain) -> dict[str, Any]:
        return {
            "tenant": self.tenant,
            "domain": domain,
            "first_seen": self._ago(),
            "last_seen": self._ago(),
            "gone_at": self._ago() if self._is() else None,
        }

    def _contact(self, domain: Domain, number: int) -> Contact:
        kind = self._of(value for value, _ in CONTACT_KINDS)
        values = {
            "email": f"info{number}@{domain.host}",
            "phone": f"+4930{self.random.randrange(10**6, 10**7)}",
            "social": f"https://x.com/{domain.host}/{number}",
            "address": f"{self._text()} {number}",
        }
        return Contact(
            kind=kind,
            value=values[kind],
            label=self._of(LABELS_OF.get(kind, ("",))),
            country=self._of(("DE", "US")) if kind in ("phone", "address") else "",
            confidence=self._of((0.5, 0.9, 1.0)),
            curation=self._of(Curation.values),
            is_wrong=self.random.random() < 0.1,
            **self._seen(domain),
        )

    def _technology(self, domain: Domain, number: int) -> Technology:
        name, category = NAMES[number]
        wrong = self.random.random() < 0.1
        kind = {"name": name, "category": category, "version": self._of(("", "6.4.1", "5"))}
        return Technology(**kind, is_wrong=wrong, **self._seen(domain))

    def _page(self, domain: Domain, number: int) -> Page:
        url = f"https://{domain.host}/{number}_%"
        return Page(
            url=url,
            url_hash=url_hash(url),
            page_type=self._of(PAGE_TYPES),
            in_sitemap=self._is(),
            is_linked=self._is(),
            is_opened=self._is(),
            disallowed_by="Disallow: /" if self._is() else "",
            curation=self._of(Curation.values),
            **self._seen(domain),
        )

    def _sitemap(self, domain: Domain, number: int) -> Sitemap:
        url = f"https://{domain.host}/{number}.xml"
        return Sitemap(
            url=url,
            url_hash=url_hash(url),
            kind=self._of(("urlset", "index", "text", "feed")),
            url_count=self._few(),
            error="Not XML" if self._is() else "",
            curation=self._of(Curation.values),
            **self._seen(domain),
        )

    def _count(self, name: str, category: str) -> TechnologyCount:
        return TechnologyCount(
            tenant=self.tenant,
            name=name,
            category=category,
            domain_count=self._few(),
            counted_at=timezone.now(),
        )

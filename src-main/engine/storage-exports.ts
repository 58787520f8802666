/**
 * @file Time and money as files that other programs read: a calendar, and tables.
 */
import ical from 'ical-generator';
import type { BlobInventoryEntry, LedgerEntry, StorageForecast } from '#contract/storage-api.ts';
import { coinText } from './money-text.ts';

/** How long before an end or a renewal the calendar reminds, in seconds. */
const REMINDER_SECONDS = 3 * 86_400;

/** What ends and what is renewed when, as all-day events. */
export function calendarText(forecast: StorageForecast): string {
  const calendar = ical({ name: 'Floe', prodId: { company: 'Floe', product: 'Floe' } });
  for (const { name, folderId, protectedUntil, renewals } of forecast.folders) {
    for (const { at, cost } of renewals) {
      calendar.createEvent({
        id: `renewal-${folderId}-${String(at.epoch)}@floe`,
        start: new Date(at.atMs),
        allDay: true,
        stamp: new Date(forecast.now.atMs),
        summary: `${name} is renewed`,
        description: `Costs about ${coinText(cost.walFrost)} WAL and ${coinText(cost.gasMist)} SUI at the prices of today. Epoch ${String(at.epoch)}.`,
      });
    }
    if (!protectedUntil) continue;
    const event = calendar.createEvent({
      id: `end-${folderId}@floe`,
      start: new Date(protectedUntil.atMs),
      allDay: true,
      stamp: new Date(forecast.now.atMs),
      summary: `${name} ends unless it is renewed`,
      description: `Floe renews it by itself while it runs and the wallet holds enough. Epoch ${String(protectedUntil.epoch)}.`,
    });
    event.createAlarm({ trigger: REMINDER_SECONDS });
  }
  return calendar.toString();
}

export function ledgerCsv(entries: readonly LedgerEntry[]): string {
  return csv(
    [
      'time',
      'epoch',
      'kind',
      'state',
      'folder',
      'quoted_wal',
      'quoted_sui',
      'actual_wal',
      'actual_sui',
      'sent_or_exchanged_sui',
      'digest',
    ],
    entries.map((entry) => [
      new Date(entry.atMs).toISOString(),
      String(entry.epoch),
      entry.kind,
      entry.state,
      entry.folderName ?? '',
      coinText(entry.quoted.walFrost),
      coinText(entry.quoted.gasMist),
      entry.actual ? coinText(entry.actual.walFrost) : '',
      entry.actual ? coinText(entry.actual.gasMist) : '',
      coinText(entry.suiMist),
      entry.digest,
    ]),
  );
}

export function blobsCsv(blobs: readonly BlobInventoryEntry[]): string {
  return csv(
    [
      'folder',
      'state',
      'ends',
      'end_epoch',
      'permanent',
      'shared',
      'size_bytes',
      'encoded_bytes',
      'blob_id',
      'blob_object_id',
    ],
    blobs.map((blob) => [
      blob.folderName,
      blob.state,
      new Date(blob.endsAt.atMs).toISOString(),
      String(blob.endsAt.epoch),
      String(blob.permanent),
      String(blob.isShared),
      String(blob.sizeBytes),
      String(blob.encodedBytes),
      blob.blobId,
      blob.blobObjectId,
    ]),
  );
}

/** RFC 4180. A cell that a spreadsheet would take for a formula is made text. */
function csv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(text: string): string {
  const isNumber = /^-?\d+(\.\d+)?$/.test(text);
  const harmless = !isNumber && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

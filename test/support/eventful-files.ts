/** @file The disk of this machine, on which something happens while a folder is listed. */
import { NodeFileSystem } from '#platform/file-system.ts';

export class EventfulFiles extends NodeFileSystem {
  /** Awaited before the next directory is listed, and then forgotten. */
  next: (() => Promise<void>) | undefined;

  override async listDirectory(...args: Parameters<NodeFileSystem['listDirectory']>) {
    const { next } = this;
    this.next = undefined;
    await next?.();
    return super.listDirectory(...args);
  }
}

/**
 * @file Frames of the home's socket: a u32 length, little-endian, and that many bytes of JSON.
 */
import type { Socket } from 'node:net';
import { WIRE_BYTES_MAX } from '#contract/wire.ts';

const LENGTH_BYTES = 4;

/** Send one message. */
export function sendFrame(socket: Socket, text: string): void {
  const body = Buffer.from(text, 'utf8');
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + body.length);
  frame.writeUInt32LE(body.length, 0);
  body.copy(frame, LENGTH_BYTES);
  socket.write(frame);
}

/** Call `onFrame` for every message; a frame that is too long ends the connection. */
export function receiveFrames(socket: Socket, onFrame: (text: string) => void): void {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  socket.on('data', (piece: Buffer) => {
    pending.push(piece);
    pendingBytes += piece.length;
    while (pendingBytes >= LENGTH_BYTES) {
      let all = pending.length === 1 ? (pending[0] ?? piece) : Buffer.concat(pending);
      const length = all.readUInt32LE(0);
      if (length > WIRE_BYTES_MAX) {
        socket.destroy();
        return;
      }
      if (all.length < LENGTH_BYTES + length) {
        pending = [all];
        return;
      }
      const text = all.toString('utf8', LENGTH_BYTES, LENGTH_BYTES + length);
      all = all.subarray(LENGTH_BYTES + length);
      pending = all.length > 0 ? [all] : [];
      pendingBytes = all.length;
      onFrame(text);
    }
  });
}

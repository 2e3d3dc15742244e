// Writes cpio archives in the form that the kernel unpacks ("newc":
// Documentation/driver-api/early-userspace/buffer-format.rst).

const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';

/** An archive whose entries all belong to root and have no time. */
export class CpioArchive {
  #parts = [];
  #count = 0;

  /** Adds one entry. `mode` has the kind of file in it; a symbolic link's content is its target. */
  add(name, mode, content = Buffer.alloc(0), device = { major: 0, minor: 0 }) {
    this.#count++;
    this.#put(name, { inode: this.#count, mode, links: 1, content, device });
  }

  /** The whole archive. */
  end() {
    this.#put(TRAILER, {
      inode: 0,
      mode: 0,
      links: 1,
      content: Buffer.alloc(0),
      device: { major: 0, minor: 0 },
    });
    return Buffer.concat(this.#parts);
  }

  #put(name, { inode, mode, links, content, device }) {
    const nameBytes = Buffer.from(`${name}\0`);
    const user = 0;
    const group = 0;
    const time = 0;
    const onDevice = [0, 0];
    const checksum = 0;
    const fields = [
      inode,
      mode,
      user,
      group,
      links,
      time,
      content.length,
      ...onDevice,
      device.major,
      device.minor,
      nameBytes.length,
      checksum,
    ];
    const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
    this.#align(Buffer.concat([Buffer.from(header), nameBytes]));
    this.#align(content);
  }

  #align(bytes) {
    this.#parts.push(bytes, Buffer.alloc(-bytes.length & 3));
  }
}

/**
 * @file Private message buses, and on them what a desktop has: a place for tray icons, a list of
 * notifications, a network manager. Real D-Bus; only whoever draws is missing.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import dbus, { type MessageBus, type Variant as VariantValue } from 'dbus-next';
import { spawnBus } from '../support/session-bus.ts';

const { Interface, ACCESS_READ } = dbus.interface;
const { Message, Variant } = dbus;

export interface Bus {
  readonly address: string;
  connect(): MessageBus;
  close(): Promise<void>;
}

export async function startBus(): Promise<Bus> {
  const daemon = spawnBus();
  const [address] = (await once(createInterface({ input: daemon.stdout }), 'line')) as [string];
  const connections: MessageBus[] = [];
  return {
    address,
    connect: () => {
      const connection = dbus.sessionBus({ busAddress: address });
      connections.push(connection);
      return connection;
    },
    close: async () => {
      for (const connection of connections) connection.disconnect();
      await ended(daemon);
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

export interface MenuItem {
  readonly id: number;
  readonly label: string;
  readonly isEnabled: boolean;
  readonly isSeparator: boolean;
}

type Layout = [number, Record<string, VariantValue>, VariantValue<Layout>[]];

interface TrayItem {
  readonly service: string;
  readonly path: string;
}

/** What a desktop's panel does: takes registrations, reads icons and menus, passes clicks on. */
export class TrayHost {
  readonly #connection: MessageBus;
  /** The item that registered last, once one has. */
  #registered: Promise<TrayItem>;

  private constructor(connection: MessageBus, first: Promise<TrayItem>) {
    this.#connection = connection;
    this.#registered = first;
  }

  static async open(bus: Bus): Promise<TrayHost> {
    const connection = bus.connect();
    const first = Promise.withResolvers<TrayItem>();
    const host = new TrayHost(connection, first.promise);
    class Watcher extends Interface {
      IsStatusNotifierHostRegistered = true;
      ProtocolVersion = 0;
      RegisteredStatusNotifierItems: string[] = [];
      RegisterStatusNotifierItem(service: string): void {
        this.RegisteredStatusNotifierItems.push(service);
        const item = { service, path: '/StatusNotifierItem' };
        host.#registered = Promise.resolve(item);
        first.resolve(item);
      }
      RegisterStatusNotifierHost(): void {}
    }
    Watcher.configureMembers({
      properties: {
        IsStatusNotifierHostRegistered: { signature: 'b', access: ACCESS_READ },
        ProtocolVersion: { signature: 'i', access: ACCESS_READ },
        RegisteredStatusNotifierItems: { signature: 'as', access: ACCESS_READ },
      },
      methods: {
        RegisterStatusNotifierItem: { inSignature: 's', outSignature: '' },
        RegisterStatusNotifierHost: { inSignature: 's', outSignature: '' },
      },
    });
    connection.export('/StatusNotifierWatcher', new Watcher('org.kde.StatusNotifierWatcher'));
    await connection.requestName('org.kde.StatusNotifierWatcher', 0);
    return host;
  }

  /** Chromium's objects describe themselves to nobody, so calls are made without asking. */
  async #call<Value>(
    path: string,
    method: { readonly face: string; readonly member: string; readonly signature: string },
    body: readonly unknown[],
  ): Promise<Value> {
    const { service } = await this.#registered;
    const reply = await this.#connection.call(
      new Message({
        destination: service,
        path,
        interface: method.face,
        member: method.member,
        signature: method.signature,
        body: [...body],
      }),
    );
    return reply?.body as Value;
  }

  async #property<Value>(name: string): Promise<Value> {
    const { path } = await this.#registered;
    const method = { face: 'org.freedesktop.DBus.Properties', member: 'Get', signature: 'ss' };
    const [{ value }] = await this.#call<[VariantValue<Value>]>(path, method, [
      'org.kde.StatusNotifierItem',
      name,
    ]);
    return value;
  }

  async tooltip(): Promise<string> {
    const [, , title] = await this.#property<[string, unknown, string, string]>('ToolTip');
    return title;
  }

  /** The icon's pixels: alpha, red, green and blue of each. */
  async icon(): Promise<{ readonly width: number; readonly pixels: Buffer }> {
    const [first] = await this.#property<[number, number, Buffer][]>('IconPixmap');
    return { width: first?.[0] ?? 0, pixels: first?.[2] ?? Buffer.alloc(0) };
  }

  async menu(): Promise<MenuItem[]> {
    const path = await this.#property<string>('Menu');
    const method = { face: 'com.canonical.dbusmenu', member: 'GetLayout', signature: 'iias' };
    const [, [, , children]] = await this.#call<[number, Layout]>(path, method, [0, -1, []]);
    return children.map(({ value: [id, properties] }) => ({
      id,
      label: String(properties['label']?.value ?? ''),
      isEnabled: properties['enabled']?.value !== false,
      isSeparator: properties['type']?.value === 'separator',
    }));
  }

  /** Leave the desktop without a place for tray icons. */
  close(): void {
    this.#connection.disconnect();
  }

  async click(item: MenuItem): Promise<void> {
    const path = await this.#property<string>('Menu');
    const method = { face: 'com.canonical.dbusmenu', member: 'Event', signature: 'isvu' };
    await this.#call(path, method, [item.id, 'clicked', new Variant('i', 0), 0]);
  }
}

export interface ShownNotification {
  readonly title: string;
  readonly body: string;
  click(): void;
}

/** A notification server that shows nothing and remembers. */
export async function openNotifications(
  bus: Bus,
  onShown: (shown: ShownNotification) => void,
): Promise<void> {
  const connection = bus.connect();
  class Notifications extends Interface {
    #lastId = 0;
    Notify(_app: string, _replaces: number, _icon: string, title: string, body: string): number {
      this.#lastId += 1;
      const id = this.#lastId;
      onShown({ title, body, click: () => this.ActionInvoked(id, 'default') });
      return id;
    }
    CloseNotification(): void {}
    GetCapabilities(): string[] {
      return ['body', 'actions'];
    }
    GetServerInformation(): [string, string, string, string] {
      return ['test', 'floe', '1', '1.2'];
    }
    ActionInvoked(id: number, action: string): [number, string] {
      return [id, action];
    }
  }
  Notifications.configureMembers({
    methods: {
      Notify: { inSignature: 'susssasa{sv}i', outSignature: 'u' },
      CloseNotification: { inSignature: 'u', outSignature: '' },
      GetCapabilities: { inSignature: '', outSignature: 'as' },
      GetServerInformation: { inSignature: '', outSignature: 'ssss' },
    },
    signals: { ActionInvoked: { signature: 'us' } },
  });
  connection.export(
    '/org/freedesktop/Notifications',
    new Notifications('org.freedesktop.Notifications'),
  );
  await connection.requestName('org.freedesktop.Notifications', 0);
}

/** NetworkManager's word on what the connection costs. Gives a function that changes it. */
export async function openNetworkManager(
  bus: Bus,
  metered: number,
): Promise<(next: number) => void> {
  const connection = bus.connect();
  class NetworkManager extends Interface {
    Metered = metered;
  }
  NetworkManager.configureMembers({
    properties: { Metered: { signature: 'u', access: ACCESS_READ } },
  });
  const manager = new NetworkManager('org.freedesktop.NetworkManager');
  connection.export('/org/freedesktop/NetworkManager', manager);
  await connection.requestName('org.freedesktop.NetworkManager', 0);
  return (next) => {
    manager.Metered = next;
    Interface.emitPropertiesChanged(manager, { Metered: next }, []);
  };
}

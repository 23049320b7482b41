/**
 * Types of webprinter.js: the commands and events of the Webprinter protocol as a page uses them.
 *
 *   const wp = new com.strato.Webprinter();
 *   const printers = await wp.send("listDevices", { deviceType: "printer" });
 *   const { taskId } = await wp.send("newPrintTask", { task: { deviceName: printers[0].name, mediaSource: "STRING", mediaFormat: "TEXT", content: "Hello" } });
 *   const stop = wp.subscribe("EndTaskEvent", (event) => console.log(event.task.taskId, event.task.status));
 */

declare namespace com.strato {
  // ------------------------------------------------------------------ words

  type DeviceType = "printer" | "scanner" | "camera";
  /** `FINISHED`, `ERROR` and `CANCELED` are ends; nothing follows them. */
  type Status = "SUBMITTED" | "QUEUED" | "PRINTING" | "PARTIAL_PRINTED" | "PRINTED" | "FINISHED" | "ERROR" | "CANCELED";
  /** `FILE` is refused unless an administrator allows folders. */
  type MediaSource = "STRING" | "BASE64" | "URL" | "FILE";
  type MediaFormat =
    | "HTML" | "TEXT" | "PDF" | "PNG" | "JPG" | "BMP" | "WEBP" | "WORD" | "EXCEL" | "PPT"
    | "WPS" | "ODT" | "ODS" | "ODP" | "ODG" | "ODF" | "XPS" | "PWG" | "ESCPOS" | "ZPL" | "TSPL" | "RAW";
  type Orientation = "PORTRAIT" | "LANDSCAPE" | "REVERSE_PORTRAIT" | "REVERSE_LANDSCAPE";
  type Color = "COLOR" | "MONOCHROME";
  /** One-sided; turned at the long edge; turned at the short edge. */
  type Side = "ONESIDE" | "DUPLEX" | "TUMBLE";
  type Collate = "COLLATE" | "UNCOLLATE";
  type Quality = "DRAFT" | "NORMAL" | "HIGH";
  type PaperName = "A0" | "A1" | "A2" | "A3" | "A4" | "A5" | "A6" | "B4" | "B5" | "LETTER" | "LEGAL" | "TABLOID";

  // ------------------------------------------------------------------ devices

  interface DeviceInfo {
    type: { type: DeviceType };
    name: string;
    /** It belongs to the client that this page speaks to. */
    local: boolean;
    /** Serial number of the client that has the device. */
    controlSn: string;
    /** Serial number of the client that uses it. */
    connectSn: string;
    /** 1: online. */
    status: 0 | 1;
    sharing: boolean;
    defaultDevice: boolean;
    shareable: boolean;
    deletable: boolean;
    /** Extended view: all that is so, such as `PAPER_OUT`; `OK` when there is nothing to say. */
    states?: string[];
    queue?: { waiting: number; sent: number };
    unknownPolicy?: "ask" | "reprint" | "give-up";
    partialPolicy?: "give-up" | "continue" | "reprint";
    /** It keeps tasks until `releaseTask` sends them to a real printer. */
    virtual?: boolean;
  }

  /** How a printer's line stands: tasks not yet sent, and those that are with its agent. */
  interface LineState {
    deviceName: string;
    controlSn: string;
    paused: boolean;
    waiting: number;
    sent: number;
  }

  /** What a printer can do. A default that nobody knows is left out. */
  interface Capability {
    supportedColors: Color[];
    defaultColor?: Color;
    supportsCopies: boolean;
    upperCopies: number;
    lowerCopies: number;
    supportedOrientations: Orientation[];
    defaultOrientation?: Orientation;
    supportedCollates: Collate[];
    defaultCollate?: Collate;
    supportedQualities: Quality[];
    /** Only in the extended view, as are keys that are not named here. */
    [extended: string]: unknown;
  }

  interface DeviceDetail {
    baseInfo: DeviceInfo;
    capability: Capability;
  }

  interface OfType {
    /** Missing: all types in a list, else `printer`. */
    deviceType?: DeviceType | null;
    /** Also tell what the original protocol does not know. */
    extended?: boolean;
  }

  interface OneDevice extends OfType {
    deviceName: string;
    /** Missing: the client that this page speaks to. */
    controlSn?: string | null;
  }

  // ------------------------------------------------------------------ tasks

  /** mm */
  interface Paper {
    width: number;
    height: number;
    name?: string;
  }

  /** What stands on every page; in a text `{page}`, `{pages}`, `{date}`, `{time}`, `{name}`, `{device}`, `{client}` and `{taskId}` are variables. */
  interface Mark {
    text?: string;
    /** Base64. */
    image?: string;
    /** Points; of an image: its height. */
    size?: number;
    /** #rrggbb */
    color?: string;
    /** 0 to 1 */
    opacity?: number;
    /** Degrees, counter-clockwise. */
    angle?: number;
    layer?: "OVER" | "UNDER";
  }

  interface Marks {
    header?: string | Mark | { left?: string | Mark; center?: string | Mark; right?: string | Mark } | null;
    footer?: string | Mark | { left?: string | Mark; center?: string | Mark; right?: string | Mark } | null;
    watermark?: string | Mark | null;
  }

  /** How to print. Missing and null mean what the printer is set to. */
  interface Config extends Marks {
    pagesPerSheet?: number | null;
    copies?: number | null;
    /** mm, as all margins. */
    marginTop?: number | null;
    marginRight?: number | null;
    marginBottom?: number | null;
    marginLeft?: number | null;
    orientation?: Orientation | null;
    color?: Color | null;
    side?: Side | null;
    /** `1-3,5,9`; missing: all pages. */
    pageRanges?: string | null;
    paperConfig?: Paper | PaperName | null;
    collate?: Collate | null;
    quality?: Quality | "LOW" | null;
    /** A word, or percent of a page's own size. */
    scale?: "NOSCALE" | "AUTO" | "FIT" | "FILL" | number | string | null;
    tray?: string | null;
    mediaType?: string | null;
    /** mm to the right. */
    offsetX?: number | null;
    /** mm downwards. */
    offsetY?: number | null;
    /** Degrees, clockwise. */
    rotate?: 0 | 90 | 180 | 270 | null;
    oddEven?: "ALL" | "ODD" | "EVEN" | null;
    reverse?: boolean | null;
    /** All of it so often, as if it had been sent as many times. */
    repeats?: number | null;
    /** Dots per inch, one of the printer's own. */
    dpi?: number | null;
    /** Receipt printers. */
    cut?: "NONE" | "PARTIAL" | "FULL" | null;
    drawer?: boolean | null;
    dither?: "DIFFUSION" | "THRESHOLD" | null;
  }

  interface NamedPaper extends Paper {
    name: string;
  }

  /** A document and how to print it. Base64 of more than 1 MB is uploaded by webprinter.js before the command is sent. */
  interface Task extends Marks {
    name?: string | null;
    /** Missing: the default printer. */
    deviceName?: string | null;
    deviceType?: "printer" | null;
    controlSn?: string | null;
    /** Missing: told from the content, as `mediaFormat`. */
    mediaSource?: MediaSource | null;
    mediaFormat?: MediaFormat | null;
    /** The text, the base64 or the address of the document. */
    content: string;
    /** Run a page's scripts; true if missing. */
    javascript?: boolean | null;
    printBackground?: boolean | null;
    /** Sent when the address is fetched. */
    headers?: { [name: string]: string } | null;
    config?: Config | null;
    /** 1 to 100, higher first; 50 if missing. */
    priority?: number | null;
    /** Seconds after which it is not begun any more. */
    expireAfter?: number | null;
    /** When to begin: ms since 1970. */
    startAt?: number | string | null;
    /** Same key, same task. webprinter.js sends one of its own when there is none. */
    idempotencyKey?: string | null;
  }

  interface TaskInfo {
    taskId: string;
    taskType: number;
    taskName: string;
    status: Status;
    deviceName: string;
    deviceType: DeviceType;
    deviceAlias: string;
    fromOsName: string;
    from: string;
    /** `2022-03-23` */
    createTime: string;
  }

  /** Everything that may be told of a task. Times are ms since 1970. */
  interface ExtendedTaskInfo extends TaskInfo {
    taskStatus: Status;
    createTimestamp: number;
    endTimestamp: number | null;
    /** What it waits for, or why it ended so: one sentence. */
    message: string;
    stage: string;
    /** IPP's job-state and job-state-reasons. */
    state: string;
    reason: string;
    pages: number;
    pagesDone: number;
    attempt: number;
    controlSn: string;
    priority: number;
    startAt: number | null;
    expiresAt: number | null;
    retryOf: string;
    /** A cancel is on its way, and its agent still has to say so. */
    canceling: boolean;
  }

  /** Times are ms since 1970, both ends inclusive. */
  interface TaskFilter {
    statusList?: Status[] | null;
    startTime?: number | null;
    endTime?: number | null;
    /** 100 if missing, at most 1000. */
    limit?: number | null;
    extended?: boolean;
  }

  interface Accepted {
    taskId: string;
  }

  /** One element of a batch, in the order of the tasks. */
  interface BatchElement {
    taskName: string;
    success: boolean;
    taskId?: string;
    message?: string;
  }

  interface OneTask {
    taskId: string;
  }

  // ------------------------------------------------------------------ endpoints: events to addresses of yours

  type EventKind = "new" | "status" | "end" | "device";
  type DeliveryState = "waiting" | "delivered" | "skipped";

  interface EndpointChoice {
    name?: string | null;
    mode?: "structured" | "binary" | null;
    /** Missing: those of tasks. */
    events?: EventKind[] | null;
    /** Missing: all. */
    devices?: (string | { deviceName: string; controlSn?: string })[] | null;
  }

  interface Endpoint {
    endpointId: string;
    name: string;
    url: string;
    dialect: "standard" | "cloudevents" | "webprinter";
    mode: "structured" | "binary" | null;
    events: EventKind[];
    devices: { deviceName: string; controlSn?: string }[];
    enabled: boolean;
    /** Why it is switched off. */
    reason: string;
    configured: boolean;
    createTimestamp: number;
    changeTimestamp: number;
    failingSince: number | null;
    overlapUntil: number | null;
    /** Since then it is known to want events (WebHook-Allowed-Origin in its answer to OPTIONS); null: its events have a rate. */
    provenTimestamp: number | null;
    /** Requests a minute that it allows; null: no limit. */
    allowedRate: number | null;
    /** What its last answer to OPTIONS lacked. */
    unprovenReason: string;
    /** Only where it was made just now. */
    secret?: string;
  }

  interface DeliveryAttempt {
    attempt: number;
    replay: number;
    timestamp: number;
    /** ms */
    duration: number;
    headers: { [name: string]: string };
    status: number | null;
    answer: string;
    message: string;
  }

  interface Delivery {
    deliveryId: string;
    endpointId: string;
    event: string;
    taskId: string | null;
    timestamp: number;
    state: DeliveryState;
    attempts: number;
    replay: number;
    nextTimestamp: number | null;
    endTimestamp: number | null;
    status: number | null;
    message: string;
    body: string;
    log: DeliveryAttempt[];
  }

  // ------------------------------------------------------------------ relays: pages of other sites

  interface RelayWish {
    name?: string;
    origins?: string[];
    /** Seconds. */
    expireAfter?: number;
    scopes?: string[];
  }

  interface Relay {
    relayId: string;
    name: string;
    origins: string[];
    scopes: string[];
    expiresAt: number;
    createdAt: number;
  }

  // ------------------------------------------------------------------ commands

  /** Command -> what it takes and what it returns. Commands that are not named here may be sent all the same. */
  interface Commands {
    listDevices: { data: OfType; result: DeviceInfo[] };
    getDeviceDetail: { data: OneDevice; result: DeviceDetail };
    /** undefined when there is none. */
    getDefaultDevice: { data: OfType; result: DeviceInfo | undefined };
    setDefaultDevice: { data: OneDevice; result: undefined };
    newPrintTask: { data: { task: Task }; result: Accepted };
    newPrintTaskBatch: { data: { tasks: Task[] }; result: BatchElement[] };
    listTasks: { data: TaskFilter; result: TaskInfo[] };
    listTask: { data: TaskFilter; result: TaskInfo[] };

    getTask: { data: OneTask; result: ExtendedTaskInfo };
    cancelTask: { data: OneTask; result: ExtendedTaskInfo };
    /** Print again, as a new task. */
    retryTask: {
      data: OneTask & { deviceName?: string; controlSn?: string; config?: Config; fromPage?: number | "next"; priority?: number; expireAfter?: number; startAt?: number | string };
      result: Accepted;
    };
    /** Say what became of a task whose outcome nobody knows. */
    resolveTask: { data: OneTask & { outcome: "printed" | "reprint" | "give-up" }; result: ExtendedTaskInfo };
    listHeldTasks: { data: { limit?: number }; result: ExtendedTaskInfo[] };
    releaseTask: { data: OneTask & { deviceName: string; controlSn?: string; config?: Config }; result: ExtendedTaskInfo };
    pauseDevice: { data: OneDevice; result: LineState };
    resumeDevice: { data: OneDevice; result: LineState };
    testPrint: { data: OneDevice; result: Accepted };
    /** A page as it would be printed: of a task that was submitted, or of one that might be. PNG in base64. */
    previewTask: {
      data: { taskId?: string; task?: Task; page?: number; dpi?: number };
      result: { image: string; mediaFormat: "PNG"; page: number; pages: number; width: number; height: number };
    };
    listPapers: { data: OneDevice; result: NamedPaper[] };
    getInfo: {
      data: {};
      result: {
        version: string;
        sn: string;
        name: string;
        tenant: string;
        role: "agent" | "app";
        ips: string[];
        timeZone: string;
        regions: string[];
        limits: { maxBody: number; maxRows: number; maxCopies: number };
        formats: MediaFormat[];
        scopes: string[];
        commands: string[];
      };
    };
    /** What was told in the last seven days, once more, oldest first; `next` is the `since` of what follows. */
    listEvents: {
      data: { since?: number; startTime?: number; taskId?: string; events?: string[]; limit?: number };
      result: { events: PastEvent[]; next: number; more: boolean };
    };
    /** The server's time, ms since 1970. */
    ping: { data: {}; result: { time: number } };
    shareDevice: { data: OneDevice & { sharing: boolean; users?: string[] }; result: DeviceInfo };
    setRules: { data: Marks & { deviceName?: string; controlSn?: string }; result: undefined };
    getRules: { data: { deviceName?: string; controlSn?: string }; result: Marks };

    addEndpoint: { data: EndpointChoice & { url: string; dialect?: Endpoint["dialect"] }; result: Endpoint };
    listEndpoints: { data: {}; result: Endpoint[] };
    updateEndpoint: { data: EndpointChoice & { endpointId: string; url?: string; enabled?: boolean }; result: Endpoint };
    removeEndpoint: { data: { endpointId: string }; result: undefined };
    rotateSecret: { data: { endpointId: string }; result: Endpoint };
    testEndpoint: { data: { endpointId: string }; result: Delivery };
    listDeliveries: {
      data: { endpointId: string; state?: DeliveryState; taskId?: string; deliveryId?: string; since?: number; until?: number; limit?: number };
      result: { deliveries: Delivery[]; more: boolean };
    };
    replayDeliveries: { data: { endpointId: string; deliveryId?: string; since?: number; state?: DeliveryState }; result: { count: number } };

    /** A code with which a page elsewhere may print here through the relay. */
    newPairing: { data: RelayWish; result: { code: string; expiresAt: number; origins: string[]; scopes: string[] } };
    /** For a site's server, not for pages: a token for the option `token`. */
    newRelayToken: { data: RelayWish & { origins: string[] }; result: Relay & { token: string } };
    listRelays: { data: {}; result: Relay[] };
    revokeRelay: { data: { relayId: string }; result: undefined };
    /** Done by webprinter.js itself: pair this page with the gateway of the option `relay` (or `url`). The pairing is remembered. */
    pair: { data: { code: string }; result: { sn: string; [key: string]: unknown } };
  }

  // ------------------------------------------------------------------ events

  interface Event<Name extends string = string> {
    name: Name;
    /** Serial number of the client that the task belongs to. */
    sn: string;
    ips: string[];
  }

  interface TaskEvent<Name extends string = string> extends Event<Name> {
    task: TaskInfo;
    /** The same object. */
    taskInfo: TaskInfo;
  }

  interface UpdateTaskStatusEvent extends TaskEvent<"UpdateTaskStatusEvent"> {
    oldStatus: Status;
    newStatus: Status;
  }

  /** As `listEvents` tells it; `time` is ms since 1970. */
  interface PastEvent extends Event {
    seq: number;
    eventId: string;
    time: number;
    task: TaskInfo;
    oldStatus?: Status;
    newStatus?: Status;
  }

  interface Connected {
    name: "CONNECTED";
    transport: Transport;
    address: string;
    relayed: boolean;
    /** True: every event since the last connection comes now. False: tasks may have changed unseen; list them. */
    resumed: boolean;
    sn?: string;
    version?: string;
  }

  interface Disconnected {
    name: "DISCONNECTED";
    reason: Reason;
    /** One sentence for a person. */
    message: string;
    /** The browser's permission for local requests, where it tells. */
    permission?: "granted" | "denied" | "prompt";
  }

  /**
   * `agent-absent`: nothing answers. `permission-denied`: the browser forbids local requests. `origin-not-approved`: the server does not know this site.
   * `not-paired`: the gateway wants a token or a pairing. `connection-lost`: there was one, and it is being made again. `refused`: anything else.
   */
  type Reason = "agent-absent" | "permission-denied" | "origin-not-approved" | "not-paired" | "connection-lost" | "refused";

  /** Events come in their order, each once, also after a lost connection. */
  interface Events {
    NewTaskEvent: TaskEvent<"NewTaskEvent">;
    UpdateTaskStatusEvent: UpdateTaskStatusEvent;
    EndTaskEvent: TaskEvent<"EndTaskEvent">;
    CONNECTED: Connected;
    DISCONNECTED: Disconnected;
    "*": TaskEvent<"NewTaskEvent"> | UpdateTaskStatusEvent | TaskEvent<"EndTaskEvent"> | Connected | Disconnected;
  }

  // ------------------------------------------------------------------ the class

  type Transport = "websocket" | "longpoll";

  /** What every answer is inside. */
  interface Response<Data = unknown> {
    success: boolean;
    message?: string;
    data?: Data;
    command: "CALLBACK";
    /** Where webprinter.js itself failed the call: a `Reason` or `timeout`. */
    reason?: string;
  }

  /** What a promise is rejected with. */
  interface WebprinterError extends Error {
    name: "WebprinterError";
    response: Response;
    reason?: Reason | "timeout";
  }

  interface Options {
    /** The server on this computer or in the house; 127.0.0.1 if missing. */
    host?: string;
    /** 39899 if missing. */
    port?: number;
    /** For https pages in browsers that want TLS even on loopback; 39900 if missing. */
    tlsPort?: number;
    /** One server and no other, such as `https://print.example.com`. */
    url?: string;
    /** A gateway to go through when the server on this computer cannot be reached. */
    relay?: string;
    /** For `url` and `relay`: what the site's server obtained for this page. A paired page needs none. */
    token?: string;
    /** ms until a call fails; 30,000 if missing, four times that for large documents. */
    timeout?: number;
    /** Whether callbacks and promises get an answer's `data` (so if missing) or the whole answer. */
    callbackStyle?: "data" | "response";
    /** Both, in this order, if missing. */
    transports?: Transport[];
  }

  class Webprinter {
    /** One per page is enough. It connects at the first `send` or `subscribe`. */
    constructor(options?: Options);

    /** Exactly one of `onOk` and `onFail` is called, once; the promise does the same. */
    send<C extends keyof Commands>(
      command: C,
      data?: Commands[C]["data"],
      onOk?: (data: Commands[C]["result"], response: Response<Commands[C]["result"]>) => void,
      onFail?: (message: string, response: Response) => void,
    ): Promise<Commands[C]["result"]>;
    send(
      command: string,
      data?: { [key: string]: unknown },
      onOk?: (data: any, response: Response<any>) => void,
      onFail?: (message: string, response: Response) => void,
    ): Promise<any>;

    /** Hear an event by name, or all with `*`. Gives back a function that ends it. */
    subscribe<N extends keyof Events>(name: N, callback: (event: Events[N]) => void): () => void;
    subscribe(name: string, callback: (event: any) => void): () => void;
  }
}

declare module "webprinter" {
  const Webprinter: typeof com.strato.Webprinter;
  export = Webprinter;
}

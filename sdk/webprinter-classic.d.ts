/**
 * Types of webprinter-classic.js: the older SDK, on top of webprinter.js.
 *
 *   const printing = Strato.WebPrinter.getInstance([{ host: "127.0.0.1:39899" }]);
 *   printing.on("ENDED", (task) => console.log(task.id, task.status, task.errorMessage));
 *   printing.newTask({ id: "order-4711", type: "HTML", content: "<h1>Order 4711</h1>" }, (id, status) => console.log(id, status), alert);
 */

/// <reference path="webprinter.d.ts" />

declare namespace Strato {
  namespace WebPrinter {
    interface Host {
      /** `127.0.0.1:39899` (so if missing), or an address such as `https://print.example.com`. */
      host?: string;
      /** The relay token of a gateway; not looked at where `host` is this computer. */
      accesskey?: string;
    }

    /**
     * One instance per host; it connects at once. After the host, a gateway may follow to go through when the host cannot be reached.
     * Throws where webprinter.js is not loaded or a host is none.
     */
    function getInstance(hosts?: Host[] | Host | string): Instance;

    /** Micrometres. */
    interface Paper {
      name: string;
      w: number;
      h: number;
    }

    interface Config extends com.strato.Config {
      /** mm with `width` and `height`; one of `listPapers` will do too. */
      paper?: com.strato.Paper | com.strato.PaperName | Paper | null;
      /** mm, as the first versions had it. */
      width?: number | null;
      height?: number | null;
      /** Without effect. */
      labels?: unknown;
    }

    interface Task extends com.strato.Marks {
      /** Your own name for the task; `ok`, `ENDED` and `listTasks` give it back until the page is left. */
      id?: string | number | null;
      name?: string | null;
      /** A name of `listPrinters`; missing: the default printer. */
      printer?: string | null;
      type?: "URL" | "HTML" | "PDFURL" | "PDF" | null;
      /** By `type`: an address (a relative one is relative to the page), HTML, or base64. */
      content?: string | null;
      html?: string | null;
      url?: string | null;
      /** Sent when the address is fetched. */
      headers?: { [name: string]: string } | null;
      config?: Config | null;
      /** These fail: there is no window. */
      preview?: boolean | null;
      interactive?: boolean | null;
      /** These have no effect, and `ok` is told so. */
      timeout?: number | null;
      timeoutAction?: string | null;
      delay?: number | null;
      pdfRenderType?: string | null;
      htmlRenderType?: string | null;
      /** As newPrintTask has them. */
      controlSn?: string | null;
      mediaSource?: com.strato.MediaSource | null;
      mediaFormat?: com.strato.MediaFormat | null;
      javascript?: boolean | null;
      printBackground?: boolean | null;
      priority?: number | null;
      expireAfter?: number | null;
      startAt?: number | string | null;
      idempotencyKey?: string | null;
    }

    interface Row {
      /** The page's own id where it gave one, else `taskId`. */
      id: string | number;
      taskId: string;
      name: string;
      printer: string;
      type?: string;
      status: com.strato.Status;
      /** Why it failed, was canceled or stands still; else empty. */
      errorMessage: string;
    }

    interface Events {
      CONNECTED: com.strato.Connected;
      DISCONNECTED: com.strato.Disconnected;
      /** `status` is FINISHED, ERROR or CANCELED. Also tasks of others are told. */
      ENDED: Row;
    }

    type Ok = (taskId: string | number, status: "SUBMITTED", notices: string[]) => void;
    /** One sentence for a person. */
    type Fail = (message: string) => void;

    /** Where no `fail` is given, failures are written to the console. */
    interface Instance {
      /** The connection below, for all commands of today. */
      readonly webprinter: com.strato.Webprinter;
      isConnected(): boolean;
      getInfo(ok: (info: { currentVersion: string; name: string; sn: string; ips: string[] }) => void, fail?: Fail): void;
      /** Always the empty licence. */
      getLicense(ok: (license: { customerName?: string; startDate?: string; endDate?: string }) => void): void;
      listPrinters(ok: (names: string[]) => void, fail?: Fail): void;
      /** Empty when there is none. */
      getDefaultPrinter(ok: (name: string) => void, fail?: Fail): void;
      listPapers(printer: string | null | undefined, ok: (papers: Paper[]) => void, fail?: Fail): void;
      listPapers(ok: (papers: Paper[]) => void, fail?: Fail): void;
      listSupportedPapers: Instance["listPapers"];
      /** `ok` when the task is durable; exactly one of the two is called, once. */
      newTask(task: Task, ok?: Ok, fail?: Fail): void;
      /** Newest first, at most 1,000; `only`: ids or statuses of those that are wanted, empty for all. */
      listTasks(only: (string | number)[] | null, ok: (tasks: Row[]) => void, fail?: Fail): void;
      listTasks(ok: (tasks: Row[]) => void, fail?: Fail): void;
      on<N extends keyof Events>(event: N, callback: (event: Events[N]) => void): this;
      on(event: string, callback: (event: any) => void): this;
      /** Of one callback, of one event, or all. */
      off(event?: string, callback?: (event: any) => void): this;
      easy(): Easy;
    }

    /** What was set stays for the next `print`, except the content. */
    interface Easy {
      printer(name: string): this;
      name(name: string): this;
      paper(paper: NonNullable<Config["paper"]>): this;
      /** mm */
      paper(width: number, height: number): this;
      copies(copies: number): this;
      /** mm; what is left out is as its opposite, or as the first. */
      margins(top: number, right?: number, bottom?: number, left?: number): this;
      orientation(orientation: com.strato.Orientation): this;
      color(color: com.strato.Color): this;
      side(side: com.strato.Side): this;
      /** `1-3,5,9` */
      pages(pageRanges: string): this;
      config(more: Config): this;
      html(html: string): this;
      url(address: string): this;
      /** Base64 or an address. */
      pdf(pdf: string): this;
      /** Sent when all before it were acknowledged or refused. */
      print(ok?: Ok, fail?: Fail): this;
      on<N extends keyof Events>(event: N, callback: (event: Events[N]) => void): this;
    }
  }
}

/** The helper on the first instance of the page, or on the one of `hosts`. */
declare var webprinter: { easy(hosts?: Strato.WebPrinter.Host[]): Strato.WebPrinter.Easy };

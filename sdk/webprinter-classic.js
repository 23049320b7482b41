/*!
 * webprinter-classic.js - for pages of the older SDK: Strato.WebPrinter.getInstance() and webprinter.easy() on webprinter.js.
 * SPDX-License-Identifier: Apache-2.0
 *
 * Plain ES5; webprinter.js is its only dependency and is loaded before it. Types: webprinter-classic.d.ts. How to use it: README.md beside it.
 *
 *   modern       a task in the old words, put into those of newPrintTask
 *   Names        printers by one name each, as the older SDK knows them
 *   Ledger       which task of the page is which of the server; an end is told after its answer
 *   WebPrinter   the old methods and events
 *   Easy         the fluent helper; its tasks go one after the other
 */
(function (root) {
    "use strict";

    var SELF = "webprinter-classic.js: ";
    var PORT = 39899; // webprinter.js has the same; it is written out only to tell instances apart

    /* What the old `type` says: source, format, and the keys that may hold the content. */
    var TYPES = {
        URL: { source: "URL", format: "HTML", keys: ["url", "content"], what: "the address of the page" },
        HTML: { source: "STRING", format: "HTML", keys: ["html", "content"], what: "the HTML" },
        PDFURL: { source: "URL", format: "PDF", keys: ["url", "content"], what: "the address of the PDF" },
        PDF: { source: "BASE64", format: "PDF", keys: ["content"], what: "the PDF in base64" }
    };

    /* Keys that newPrintTask understands by the same name. */
    var TASK_KEYS = words(
        "name controlSn mediaSource mediaFormat javascript printBackground headers priority expireAfter startAt idempotencyKey " +
        "header footer watermark"
    );
    var CONFIG_KEYS = words(
        "pagesPerSheet copies marginTop marginRight marginBottom marginLeft orientation color side pageRanges collate quality scale " +
        "tray mediaType offsetX offsetY rotate oddEven reverse repeats dpi cut drawer dither header footer watermark paperConfig " +
        "javascript printBackground headers priority expireAfter startAt"
    );
    var OWN_KEYS = words("id printer type html url content config preview interactive timeout timeoutAction delay pdfRenderType htmlRenderType");

    var STATUSES = words("SUBMITTED QUEUED PRINTING PARTIAL_PRINTED PRINTED FINISHED ERROR CANCELED");
    var FAULTS = words("ERROR CANCELED PARTIAL_PRINTED"); // whose message is one of an error
    var EVENTS = words("CONNECTED DISCONNECTED ENDED NewTaskEvent UpdateTaskStatusEvent EndTaskEvent *");

    var MAX_ROWS = 1000; // as many as the server lists at once
    var MAX_KNOWN = 10000; // tasks whose own ids are remembered
    var LONGEST_ADDRESS = 8000; // characters, as the server takes it

    /* ---------------------------------------------------------------- small things */

    function words(text) {
        var found = {};
        var list = text.split(" ");
        for (var i = 0; i < list.length; i++) found[list[i]] = true;
        return found;
    }

    function has(object, key) {
        return Object.prototype.hasOwnProperty.call(object, key);
    }

    function isObject(value) {
        return typeof value === "object" && value !== null && !(value instanceof Array);
    }

    function isSet(value) {
        return value !== undefined && value !== null && value !== "";
    }

    function isOn(value) {
        return value === true || value === 1 || /^(true|1)$/i.test(String(value));
    }

    function later(run) {
        setTimeout(run, 0);
    }

    /** Calls user code; what it throws goes to the console as uncaught, and not to us. */
    function shout(callback, first, second, third) {
        if (typeof callback !== "function") return;
        try {
            callback(first, second, third);
        } catch (error) {
            setTimeout(function () { throw error; }, 0);
        }
    }

    var said = {};

    /** Tell the developer, once per page. */
    function warn(sentence) {
        if (has(said, sentence)) return;
        said[sentence] = true;
        if (root.console && root.console.warn) root.console.warn(SELF + sentence);
    }

    /** The page's callback for failures; without one the developer is told. */
    function failing(fail, what) {
        return function (message) {
            if (typeof fail === "function") shout(fail, message);
            else if (root.console && root.console.error) root.console.error(SELF + what + ": " + message);
        };
    }

    function shown(value) {
        var text = typeof value === "string" ? value : JSON.stringify(value);
        return '"' + String(text).slice(0, 60) + '"';
    }

    /** An address as the page means it: what is relative is relative to the page. */
    function absolute(address) {
        if (typeof address !== "string" || !root.document || /^\s*[a-z][a-z0-9+.\-]*:/i.test(address)) return address;
        var link = root.document.createElement("a");
        link.href = address;
        return link.href;
    }

    /* ---------------------------------------------------------------- tasks */

    /** A task in the words of newPrintTask. `notices` gets a sentence for each key without effect. Throws an Error with what cannot be done. */
    function modern(given, notices) {
        if (!isObject(given)) throw new Error('The task must be an object such as {type: "HTML", content: "<p>Hello</p>"}.');
        refusePreview(given, notices);
        var made = {};
        for (var key in given) {
            if (!has(given, key) || !isSet(given[key])) continue;
            if (has(TASK_KEYS, key)) made[key] = given[key];
            else if (!has(OWN_KEYS, key)) notices.push(key + " is not known and has no effect.");
        }
        setContent(given, made);
        if (isSet(given.config)) made.config = modernConfig(given.config, notices);
        noticeRendering(given, notices);
        return made;
    }

    function refusePreview(given, notices) {
        var proceeds = String(given.timeoutAction).toLowerCase() === "proceed";
        if (isOn(given.interactive) || (isOn(given.preview) && !proceeds)) {
            throw new Error(
                (isOn(given.interactive) ? "interactive" : "preview") + " cannot be done: there is no window on the printing computer in which " +
                "somebody could look at the page first. Leave it out, or show the picture that previewTask of webprinter.js gives."
            );
        }
        if (isOn(given.preview)) notices.push("preview has no effect: there is no such window, and the task goes on at once, as timeoutAction says.");
    }

    function setContent(given, made) {
        var type = isSet(given.type) ? String(given.type).replace(/\s/g, "").toUpperCase() : "";
        if (!type && !made.mediaSource && !made.mediaFormat && !isSet(given.content)) type = isSet(given.url) ? "URL" : "HTML";
        if (type && !has(TYPES, type)) throw new Error("type must be one of URL, HTML, PDFURL and PDF; it is " + shown(given.type) + ".");
        var told = type ? TYPES[type] : { keys: ["content", "html", "url"], what: "what is to be printed" };
        for (var i = 0; i < told.keys.length && made.content === undefined; i++) {
            if (isSet(given[told.keys[i]])) made.content = given[told.keys[i]];
        }
        if (made.content === undefined) throw new Error(told.keys.join(" or ") + " is missing: write " + told.what + " there.");
        if (type && !made.mediaSource) made.mediaSource = told.source;
        if (type && !made.mediaFormat) made.mediaFormat = told.format;
        if (made.mediaSource === "URL") made.content = absolute(made.content);
    }

    function modernConfig(given, notices) {
        if (!isObject(given)) throw new Error("config must be an object such as {copies: 2}; it is " + shown(given) + ".");
        var made = {};
        for (var key in given) {
            if (!has(given, key) || !isSet(given[key])) continue;
            if (has(CONFIG_KEYS, key)) made[key] = given[key];
            else if (key === "labels") notices.push("config.labels has no effect: tags of tasks are not kept.");
            else if (key !== "paper" && key !== "width" && key !== "height") notices.push("config." + key + " is not known and has no effect.");
        }
        var paper = isSet(made.paperConfig) ? made.paperConfig : given.paper;
        if (!isSet(paper) && (isSet(given.width) || isSet(given.height))) paper = { width: given.width, height: given.height };
        if (isSet(paper)) made.paperConfig = modernPaper(paper);
        return made;
    }

    /** A sheet in mm: one of listPapers has `w` and `h` in micrometres. */
    function modernPaper(paper) {
        if (!isObject(paper) || isSet(paper.width) || isSet(paper.height) || !isSet(paper.w) || !isSet(paper.h)) return paper;
        return { name: paper.name, width: Number(paper.w) / 1000, height: Number(paper.h) / 1000 };
    }

    /** How a page is rendered is the server's affair; what old tasks say about it is told to have no effect. */
    function noticeRendering(given, notices) {
        if (isSet(given.timeout) || isSet(given.timeoutAction)) notices.push("timeout and timeoutAction have no effect: the server has limits of its own.");
        if (Number(given.delay) > 0) notices.push("delay has no effect: a page is printed when it loads nothing any more.");
        if (isSet(given.htmlRenderType) && String(given.htmlRenderType).toUpperCase() !== "CHROMIUM") {
            notices.push("htmlRenderType has no effect: pages are rendered by Chromium.");
        }
        if (isSet(given.pdfRenderType) && String(given.pdfRenderType).toUpperCase() !== "DIRECT") {
            notices.push("pdfRenderType has no effect: a PDF is printed as it is.");
        }
    }

    /* ---------------------------------------------------------------- printers
     *
     * The older SDK has names only. Printers of other clients that share theirs are listed too; where two have the same name,
     * that of the other client is "name @ serial number".
     */

    var Names = {
        /** `[{name, isDefault}]` from listDevices. */
        of: function (devices) {
            var times = {};
            var found = [];
            var i;
            for (i = 0; i < devices.length; i++) times["$" + devices[i].name] = (times["$" + devices[i].name] || 0) + 1;
            for (i = 0; i < devices.length; i++) {
                var plain = devices[i].local || times["$" + devices[i].name] === 1;
                found.push({ name: plain ? devices[i].name : devices[i].name + " @ " + devices[i].controlSn, isDefault: devices[i].defaultDevice });
            }
            return found;
        },

        /** Say in a command or a task which printer is meant. */
        put: function (name, into) {
            if (!isSet(name)) return into; // the default one
            var parts = /^(.+) @ ([0-9A-Za-z]{8})$/.exec(String(name));
            into.deviceName = parts ? parts[1] : String(name);
            if (parts && !into.controlSn) into.controlSn = parts[2];
            return into;
        }
    };

    /* ---------------------------------------------------------------- the ledger */

    /** `tell(event's task)` is called for each end, but not before the answer to the task's newTask was given. */
    function Ledger(tell) {
        this.tell = tell;
        this.known = {}; // task of the server -> {id, printer, type} of the page
        this.order = [];
        this.flying = {};
        this.count = 0;
        this.held = []; // {task, behind: calls that may turn out to be its own}
    }

    Ledger.prototype = {
        constructor: Ledger,

        begin: function () {
            this.flying["$" + ++this.count] = true;
            return "$" + this.count;
        },

        remember: function (taskId, own) {
            this.known["$" + taskId] = own;
            this.order.push("$" + taskId);
            if (this.order.length > MAX_KNOWN) delete this.known[this.order.shift()];
        },

        /** A call was answered, and the page knows. */
        over: function (call) {
            var held = this.held;
            delete this.flying[call];
            this.held = [];
            for (var i = 0; i < held.length; i++) {
                delete held[i].behind[call];
                this.pass(held[i]);
            }
        },

        ended: function (task) {
            var behind = {};
            for (var call in this.flying) if (has(this.flying, call)) behind[call] = true;
            this.pass({ task: task, behind: behind });
        },

        pass: function (end) {
            var waits = false;
            for (var call in end.behind) waits = waits || has(end.behind, call);
            if (waits && !has(this.known, "$" + end.task.taskId)) this.held.push(end);
            else this.tell(end.task);
        },

        /** A task as the older SDK shows it; `message` is why it ended so. */
        row: function (task, message) {
            var own = this.known["$" + task.taskId] || {};
            var made = {
                id: isSet(own.id) ? own.id : task.taskId,
                taskId: task.taskId,
                name: task.taskName,
                printer: own.printer || task.deviceName,
                status: task.status,
                errorMessage: has(FAULTS, task.status) && message ? String(message) : ""
            };
            if (own.type) made.type = own.type;
            return made;
        }
    };

    /* ---------------------------------------------------------------- an instance */

    function WebPrinter(wp) {
        var connected = false;
        var listeners = []; // {event, callback, stop}
        var easy = [];
        var busy = false;
        var instance = this;
        var ledger = new Ledger(tellEnd);

        wp.subscribe("CONNECTED", function () { connected = true; });
        wp.subscribe("DISCONNECTED", function () { connected = false; });
        wp.subscribe("EndTaskEvent", function (event) { if (isObject(event.task)) ledger.ended(event.task); });

        function tellEnd(task) {
            function tell(message) {
                var row = ledger.row(task, message);
                var told = listeners.slice();
                for (var i = 0; i < told.length; i++) {
                    if (told[i].event === "ENDED" && told[i].callback) shout(told[i].callback, row);
                }
            }
            if (task.status === "FINISHED") return tell("");
            /* Events do not say why. */
            return wp.send("getTask", { taskId: task.taskId }, function (whole) { tell(whole.message); }, function () { tell(""); });
        }

        function printers(done, fail) {
            wp.send("listDevices", { deviceType: "printer" }, function (devices) { done(Names.of(devices || [])); }, fail);
        }

        /** The com.strato.Webprinter below, for all that the older SDK cannot do. */
        this.webprinter = wp;

        this.isConnected = function () {
            return connected;
        };

        this.getInfo = function (ok, fail) {
            wp.send("getInfo", {}, function (info) {
                shout(ok, { currentVersion: info.version, name: info.name, sn: info.sn, ips: info.ips });
            }, failing(fail, "getInfo"));
        };

        /** There is nothing to license: always the empty licence. */
        this.getLicense = function (ok) {
            later(function () { shout(ok, {}); });
        };

        this.listPrinters = function (ok, fail) {
            printers(function (found) {
                var names = [];
                for (var i = 0; i < found.length; i++) names.push(found[i].name);
                shout(ok, names);
            }, failing(fail, "listPrinters"));
        };

        /** Empty when there is none. */
        this.getDefaultPrinter = function (ok, fail) {
            printers(function (found) {
                var name = "";
                for (var i = 0; i < found.length; i++) if (found[i].isDefault && !name) name = found[i].name;
                shout(ok, name);
            }, failing(fail, "getDefaultPrinter"));
        };

        /** Sheets in micrometres; of the default printer, when none is named. */
        this.listPapers = function (printer, ok, fail) {
            if (typeof printer === "function") return instance.listPapers("", printer, ok);
            var failed = failing(fail, "listPapers");
            if (!isSet(printer)) {
                return instance.getDefaultPrinter(function (name) {
                    if (name) instance.listPapers(name, ok, fail);
                    else failed("There is no default printer: name one that listPrinters names.");
                }, failed);
            }
            wp.send("listPapers", Names.put(printer, {}), function (papers) {
                var made = [];
                for (var i = 0; i < papers.length; i++) {
                    made.push({ name: papers[i].name, w: Math.round(papers[i].width * 1000), h: Math.round(papers[i].height * 1000) });
                }
                shout(ok, made);
            }, failed);
            return undefined;
        };
        this.listSupportedPapers = this.listPapers;

        /** Exactly one of ok(taskId, status, notices) and fail(message) is called, once; `notices` say what had no effect. */
        this.newTask = function (given, ok, fail) {
            var failed = failing(fail, "newTask");
            var notices = [];
            var task;
            try {
                task = Names.put(given && given.printer, modern(given, notices));
            } catch (error) {
                later(function () { failed(error.message); });
                return;
            }
            for (var i = 0; i < notices.length; i++) warn(notices[i]);
            var own = { id: given.id, printer: given.printer, type: given.type };
            var call = ledger.begin();
            wp.send("newPrintTask", { task: task }, function (accepted) {
                ledger.remember(accepted.taskId, own);
                shout(ok, isSet(own.id) ? own.id : accepted.taskId, "SUBMITTED", notices);
                ledger.over(call);
            }, function (message) {
                failed(message);
                ledger.over(call);
            });
        };

        /** The newest tasks, at most 1,000; `only` may name ids or statuses of those that are wanted. */
        this.listTasks = function (only, ok, fail) {
            if (typeof only === "function") return instance.listTasks([], only, ok);
            var statuses = [];
            var ids = {};
            var some = false;
            for (var i = 0; only instanceof Array && i < only.length; i++) {
                if (has(STATUSES, only[i])) statuses.push(only[i]);
                else some = ids["$" + only[i]] = true;
            }
            var wanted = { limit: MAX_ROWS, extended: true };
            if (statuses.length) wanted.statusList = statuses;
            wp.send("listTasks", wanted, function (tasks) {
                var rows = [];
                for (var k = 0; k < tasks.length; k++) {
                    var row = ledger.row(tasks[k], tasks[k].message);
                    if (!some || has(ids, "$" + row.id) || has(ids, "$" + row.taskId)) rows.push(row);
                }
                shout(ok, rows);
            }, failing(fail, "listTasks"));
            return undefined;
        };

        /** Hear CONNECTED, DISCONNECTED or ENDED, or an event of webprinter.js. */
        this.on = function (event, callback) {
            if (typeof callback !== "function") throw new TypeError(SELF + "on(event, callback) needs a function");
            if (!has(EVENTS, event)) {
                warn("There is no event " + shown(event) + ": CONNECTED, DISCONNECTED and ENDED are told, and those of webprinter.js.");
            }
            var listener = { event: event, callback: callback, stop: null };
            if (event !== "ENDED") listener.stop = wp.subscribe(event, callback);
            listeners.push(listener);
            return instance;
        };

        /** End what `on` began: of one callback, of one event, or all. */
        this.off = function (event, callback) {
            var kept = [];
            for (var i = 0; i < listeners.length; i++) {
                var listener = listeners[i];
                if ((event && listener.event !== event) || (callback && listener.callback !== callback)) {
                    kept.push(listener);
                    continue;
                }
                if (listener.stop) listener.stop();
                listener.callback = null;
            }
            listeners = kept;
            return instance;
        };

        this.easy = function () {
            return new Easy(instance, enqueue);
        };

        /** Tasks of easy() are sent in their order, each after the one before was acknowledged or refused. */
        function enqueue(task, ok, fail) {
            easy.push({ task: task, ok: ok, fail: fail });
            next();
        }

        function next() {
            if (busy || !easy.length) return;
            busy = true;
            var first = easy.shift();
            instance.newTask(first.task, function (taskId, status, notices) {
                busy = false;
                shout(first.ok, taskId, status, notices);
                next();
            }, function (message) {
                busy = false;
                failing(first.fail, "easy().print")(message);
                next();
            });
        }
    }

    /* ---------------------------------------------------------------- easy() */

    function Easy(instance, enqueue) {
        var easy = this;
        var task = {};
        var config = {};

        function set(object, key) {
            return function (value) {
                object[key] = value;
                return easy;
            };
        }

        function content(type, value) {
            task.type = type;
            task.content = value;
            return easy;
        }

        this.printer = set(task, "printer");
        this.name = set(task, "name");
        this.copies = set(config, "copies");
        this.orientation = set(config, "orientation");
        this.color = set(config, "color");
        this.side = set(config, "side");
        this.pages = set(config, "pageRanges");

        /** A name, a sheet, or width and height in mm. */
        this.paper = function (paper, height) {
            config.paper = height === undefined ? paper : { width: paper, height: height };
            return easy;
        };

        /** In mm, in the order of CSS: top, right, bottom, left; what is left out is as its opposite, or as the first. */
        this.margins = function (top, right, bottom, left) {
            config.marginTop = top;
            config.marginRight = right === undefined ? top : right;
            config.marginBottom = bottom === undefined ? top : bottom;
            config.marginLeft = left === undefined ? config.marginRight : left;
            return easy;
        };

        /** More keys of `config`. */
        this.config = function (more) {
            for (var key in more) if (has(more, key)) config[key] = more[key];
            return easy;
        };

        this.html = function (html) { return content("HTML", html); };
        this.url = function (address) { return content("URL", address); };

        /** Base64 (it begins as every PDF does, or is longer than any address), else an address. */
        this.pdf = function (pdf) {
            var base64 = /^\s*(data:|JVBERi)/.test(pdf) || String(pdf).length > LONGEST_ADDRESS;
            return content(base64 ? "PDF" : "PDFURL", pdf);
        };

        /** Put the task as it is now into the queue. What was set stays for the next one, its content does not. */
        this.print = function (ok, fail) {
            var copy = JSON.parse(JSON.stringify(task));
            copy.config = JSON.parse(JSON.stringify(config));
            delete task.type;
            delete task.content;
            if (isSet(copy.content)) enqueue(copy, ok, fail);
            else later(function () { failing(fail, "easy().print")("There is nothing to print: call html, url or pdf before print."); });
            return easy;
        };

        this.on = function (event, callback) {
            instance.on(event, callback);
            return easy;
        };
    }

    /* ---------------------------------------------------------------- what a page sees */

    var instances = {};
    var first = null;

    /** One element of getInstance's list: `{address, url, host, port, token}`. Throws a TypeError for what is none. */
    function serverOf(given) {
        var entry = isObject(given) ? given : { host: given };
        var text = isSet(entry.host) ? String(entry.host).replace(/\s/g, "").replace(/\/+$/, "") : "127.0.0.1";
        var token = isSet(entry.accesskey) ? String(entry.accesskey) : "";
        if (/^(https|wss):\/\/[^\/]+$/i.test(text)) return { address: text.toLowerCase(), url: text, token: token };
        var parts = /^((?:http|ws):\/\/)?(\[[0-9a-f:.]+\]|[^:\/\[\]?#@]+)(?::(\d{1,5}))?$/i.exec(text);
        if (!parts) {
            throw new TypeError(SELF + "host must look like 127.0.0.1:39899 or https://print.example.com; it is " + shown(entry.host) + ".");
        }
        var host = parts[2].toLowerCase();
        var port = Number(parts[3] || (parts[1] ? 80 : PORT));
        var loopback = /^(localhost|.*\.localhost|127\..*|\[::1\])$/.test(host);
        return { address: host + ":" + port, host: host, port: port, token: loopback ? "" : token };
    }

    /** Options of webprinter.js for one server, or for one and a gateway to go through when it cannot be reached. */
    function optionsOf(servers) {
        var server = servers[0];
        var relay = servers[1];
        if (servers.length > 2 || (relay && (server.url || !relay.url))) {
            throw new TypeError(SELF + "getInstance takes one host, and after it at most a gateway, as an address such as https://print.example.com.");
        }
        if (server.url) return { url: server.url, token: server.token };
        var options = { host: server.host, port: server.port, token: server.token };
        if (relay) {
            options.relay = relay.url;
            options.token = relay.token;
        }
        return options;
    }

    /** The instance for `[{host, accesskey}]`; the same each time, until it is asked for with another key. It connects at once. */
    function getInstance(hosts) {
        var Webprinter = root.com && root.com.strato && root.com.strato.Webprinter;
        if (typeof Webprinter !== "function") {
            throw new Error(SELF + "webprinter.js is not loaded: put its <script> before the one of this file.");
        }
        var list = hosts instanceof Array ? hosts : [hosts || {}];
        var servers = [];
        for (var i = 0; i < Math.max(1, list.length); i++) servers.push(serverOf(list[i]));
        var options = optionsOf(servers);
        var name = servers[0].address + (servers[1] ? " " + servers[1].address : "");
        var kept = has(instances, name) ? instances[name] : null;
        if (!kept || (options.token && options.token !== kept.token)) {
            kept = instances[name] = { token: options.token, instance: new WebPrinter(new Webprinter(options)) };
            first = first || kept.instance;
        }
        return kept.instance;
    }

    root.Strato = root.Strato || {};
    root.Strato.WebPrinter = { getInstance: getInstance };
    /* Pages name their instance `webprinter` too: it has the same easy(). */
    root.webprinter = root.webprinter || {};
    if (!root.webprinter.easy) {
        root.webprinter.easy = function (hosts) {
            return (hosts || !first ? getInstance(hosts) : first).easy();
        };
    }
    if (typeof module === "object" && module.exports) module.exports = root.Strato.WebPrinter;
})(typeof self !== "undefined" ? self : typeof global !== "undefined" ? global : this);

/*! The test page: what any page could do with webprinter.js. SPDX-License-Identifier: Apache-2.0 */
(function () {
    "use strict";

    var SAMPLES = {
        HTML:
            "<!doctype html>\n<meta charset=\"utf-8\">\n<h1>It works</h1>\n<p>Printed from a web page by Printbus.</p>\n" +
            "<p style=\"font-size: 24pt\">\u6253\u5370\u6d4b\u8bd5 \u00b7 \u041f\u0435\u0447\u0430\u0442\u044c \u00b7 Pr\u00fcfdruck</p>",
        TEXT: "It works\n\nPrinted from a web page by Printbus.\n\u6253\u5370\u6d4b\u8bd5 \u00b7 \u041f\u0435\u0447\u0430\u0442\u044c \u00b7 Pr\u00fcfdruck"
    };
    var TITLES = {
        "agent-absent": "Nothing answers",
        "permission-denied": "Your browser does not allow it",
        "origin-not-approved": "This site is not approved",
        "not-paired": "This page is not paired",
        "connection-lost": "The connection was lost",
        refused: "The connection was refused"
    };
    var MOST_EVENTS = 100;
    var LOOK_EVERY = 10000;

    /* This page comes from the server that it speaks to. */
    var wp = new com.strato.Webprinter({ url: location.origin });
    var connected = false;

    function at(id) {
        return document.getElementById(id);
    }

    function element(name, text, kind) {
        var made = document.createElement(name);
        if (text !== undefined) made.textContent = text;
        if (kind) made.className = kind;
        return made;
    }

    function say(output, text, failed) {
        output.textContent = text;
        output.classList.toggle("failed", Boolean(failed));
    }

    /* -------- connection */

    function showState(kind, word, detail) {
        at("state").className = "state " + kind;
        say(at("state-word"), word);
        say(at("state-detail"), detail || "");
        connected = kind === "good";
        var needing = ["submit", "refresh", "make-code"];
        for (var i = 0; i < needing.length; i++) at(needing[i]).disabled = !connected;
    }

    wp.subscribe("CONNECTED", function (event) {
        var over = event.transport === "websocket" ? "WebSocket" : "long polling";
        showState("good", "Connected", "to " + event.sn + " at " + event.address + " over " + over);
        at("help").hidden = true;
        listDevices();
    });

    wp.subscribe("DISCONNECTED", function (event) {
        var again = event.reason === "connection-lost" || event.reason === "agent-absent";
        showState(again ? "waiting" : "bad", "Not connected", again ? "trying again" : "");
        say(at("help-title"), TITLES[event.reason] || TITLES.refused);
        say(at("help-text"), event.message);
        at("pair").hidden = event.reason !== "not-paired";
        at("help").hidden = event.reason === "connection-lost";
    });

    at("pair").addEventListener("submit", function (event) {
        event.preventDefault();
        wp.send("pair", { code: at("pair-code").value }, function () {
            say(at("pair-result"), "Paired.");
        }, function (message) {
            say(at("pair-result"), message, true);
        });
    });

    /* -------- devices */

    function row(device) {
        var line = element("tr");
        var online = device.status === 1;
        var choice = element("input");
        choice.type = "radio";
        choice.name = "device";
        choice.disabled = device.type.type !== "printer";
        choice.checked = at("device").value === key(device);
        choice.setAttribute("aria-label", "Print on " + device.name);
        choice.addEventListener("change", function () { at("device").value = key(device); });
        line.appendChild(element("td")).appendChild(choice);
        var name = line.appendChild(element("td", device.name + " "));
        if (device.defaultDevice) name.appendChild(element("span", "default", "badge"));
        line.appendChild(element("td", device.type.type));
        line.appendChild(element("td", online ? "\u25cf online" : "\u25cb offline", online ? "online" : "offline"));
        line.appendChild(element("td", device.local ? "this one" : device.controlSn));
        return line;
    }

    function key(device) {
        return JSON.stringify([device.controlSn, device.name]);
    }

    function showDevices(devices) {
        var select = at("device");
        var chosen = select.value;
        select.textContent = "";
        for (var i = 0; i < devices.length; i++) {
            if (devices[i].type.type !== "printer") continue;
            var option = select.appendChild(element("option", devices[i].name));
            option.value = key(devices[i]);
            if (chosen ? option.value === chosen : devices[i].defaultDevice) select.value = option.value;
        }
        at("devices").textContent = "";
        for (i = 0; i < devices.length; i++) at("devices").appendChild(row(devices[i]));
        at("no-devices").hidden = devices.length > 0;
    }

    function listDevices() {
        wp.send("listDevices", {}, showDevices, function (message) {
            at("no-devices").hidden = false;
            say(at("no-devices"), message);
        });
    }

    at("device").addEventListener("change", listDevices);
    at("refresh").addEventListener("click", listDevices);
    setInterval(function () { if (connected && !document.hidden) listDevices(); }, LOOK_EVERY);

    /* -------- printing */

    function showSample() {
        at("content").value = SAMPLES[at("format").value];
    }

    at("format").addEventListener("change", showSample);
    showSample();

    at("print").addEventListener("submit", function (event) {
        event.preventDefault();
        if (!at("device").value) {
            say(at("printed"), "There is no printer to print on.", true);
            return;
        }
        var chosen = JSON.parse(at("device").value);
        var task = {
            name: "Test page",
            controlSn: chosen[0],
            deviceName: chosen[1],
            mediaSource: "STRING",
            mediaFormat: at("format").value,
            content: at("content").value,
            config: { copies: Number(at("copies").value) || 1 }
        };
        say(at("printed"), "Sending\u2026");
        wp.send("newPrintTask", { task: task }, function (accepted) {
            say(at("printed"), "Accepted as " + accepted.taskId + ".");
        }, function (message) {
            say(at("printed"), message, true);
        });
    });

    /* -------- events */

    function tell(event) {
        var line = element("li");
        var change = event.newStatus ? event.oldStatus + " \u2192 " + event.newStatus : (event.task && event.task.status) || "";
        line.appendChild(element("time", new Date().toLocaleTimeString()));
        line.appendChild(element("b", event.name.replace(/Event$/, "")));
        line.appendChild(element("span", change));
        if (event.task) line.appendChild(element("span", event.task.taskName + " on " + event.task.deviceName, "muted"));
        at("events").insertBefore(line, at("events").firstChild);
        while (at("events").children.length > MOST_EVENTS) at("events").removeChild(at("events").lastChild);
        at("no-events").hidden = true;
    }

    wp.subscribe("*", function (event) {
        if (event.name !== "CONNECTED" && event.name !== "DISCONNECTED") tell(event);
    });

    at("clear").addEventListener("click", function () {
        at("events").textContent = "";
        at("no-events").hidden = false;
    });

    /* -------- pairing of other pages */

    at("make-code").addEventListener("click", function () {
        wp.send("newPairing", {}, function (pairing) {
            say(at("code"), pairing.code);
            say(at("code-until"), "for one page, within ten minutes");
        }, function (message) {
            say(at("code"), message, true);
            say(at("code-until"), "");
        });
    });

    showState("waiting", "Connecting", "");
})();

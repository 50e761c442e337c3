(function(d){
var last=-9e3,p=d.getElementById("problem")
if(p)p.focus()
d.addEventListener("submit",function(e){if(e.timeStamp-last<3e3)e.preventDefault();else last=e.timeStamp})
addEventListener("pageshow",function(){last=-9e3})
})(document)
